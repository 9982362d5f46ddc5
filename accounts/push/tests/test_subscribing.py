"""Be told on this browser, change what, and stop: the views, the limits, log-in and log-out."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.export import account_data
from accounts.models import User
from accounts.privacy.services import delete_account
from accounts.push.models import Subscription, Topic
from accounts.push.services import MOST_SUBSCRIPTIONS
from accounts.services import set_password
from bookings import services
from tests.support.factories import make_booking, make_guest, make_show, make_user
from tests.support.push_service import PushService, TestBrowser, subscribe

pytestmark = pytest.mark.django_db
SUBSCRIBE, REMOVE = "/accounts/push/subscribe/", "/accounts/push/remove/"
RENEW, HERE = "/accounts/push/renew/", {"Origin": "http://testserver"}
ANDROID = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"
PASSWORD = "marquee lights 9"


@pytest.fixture
def user(db: None) -> User:
    return make_user("asha@example.com", PASSWORD)


@pytest.fixture
def phone(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def form_of(user: User, browser: TestBrowser, *topics: str) -> dict[str, Any]:
    return {**browser.form, "person": user.pk, "topic": topics or [*Topic.values], "on": "ticket"}


def post(client: Client, user: User, browser: TestBrowser, *topics: str) -> Any:
    return client.post(SUBSCRIBE, form_of(user, browser, *topics), headers={"User-Agent": ANDROID})


def test_a_person_subscribes_and_sees_it_on_the_page(
    phone: Client, user: User, push_service: PushService, settings: Settings
) -> None:
    browser = push_service.browser()
    response = post(phone, user, browser, "show", "moved")
    assert response.status_code == 200
    assert "data-push-on" in response.content.decode()
    row = Subscription.objects.get()
    assert (row.user, row.name, row.topics) == (user, "Chrome on Android", ["show", "moved"])
    assert browser.endpoint not in response.content.decode()
    cookie = response.cookies[settings.PUSH_COOKIE_NAME]
    assert cookie["httponly"]
    assert browser.endpoint not in cookie.value


def test_the_same_browser_again_changes_its_topics(
    phone: Client, user: User, push_service: PushService
) -> None:
    browser = push_service.browser()
    post(phone, user, browser)
    post(phone, user, browser, "hold")
    assert Subscription.objects.get().topics == ["hold"]


def test_the_page_of_a_hold_adds_its_topic_to_those_of_the_browser(
    phone: Client, user: User, push_service: PushService
) -> None:
    post(phone, user, push_service.browser(), "moved")
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    page = phone.get(held.get_absolute_url()).text
    assert "data-push-on" not in page
    asked = re.findall(r'type="hidden" name="topic" value="(\w+)"', page)
    assert asked == ["hold", "moved"]


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": ""},
        {"endpoint": "https://127.0.0.1/push"},
        {"endpoint": "http://push.example/push"},
        {"p256dh": ""},
        {"p256dh": "A" * 87},
        {"p256dh": "é"},
        {"auth": ""},
        {"auth": "A" * 40},
        {"topic": []},
        {"topic": ["everything"]},
    ],
)
def test_bad_values_are_refused_with_words(
    change: dict[str, Any], phone: Client, user: User, push_service: PushService
) -> None:
    response = phone.post(SUBSCRIBE, form_of(user, push_service.browser()) | change)
    assert response.status_code == 422
    assert re.match(r"(Choose at least one|This browser|The address of)", response.text)
    assert not Subscription.objects.exists()


def test_nobody_is_subscribed_for_another_person(phone: Client, push_service: PushService) -> None:
    assert post(phone, make_user(), push_service.browser()).status_code == 404
    assert post(Client(), make_user(), push_service.browser()).status_code == 404
    assert not Subscription.objects.exists()


def test_a_person_has_a_bounded_number_of_browsers(user: User, push_service: PushService) -> None:
    first = subscribe(user, push_service.browser())
    for _ in range(MOST_SUBSCRIPTIONS):
        last = subscribe(user, push_service.browser())
    kept = set(Subscription.objects.values_list("pk", flat=True))
    assert len(kept) == MOST_SUBSCRIPTIONS
    assert first.pk not in kept
    assert last.pk in kept


def test_the_changes_of_an_address_are_limited(
    phone: Client, user: User, push_service: PushService, settings: Settings
) -> None:
    settings.RATE_LIMITS = True
    answers = {post(phone, user, push_service.browser()).status_code for _ in range(61)}
    assert answers == {200, 429}


def test_one_browser_or_all_are_removed_on_the_profile_page(
    phone: Client, user: User, push_service: PushService
) -> None:
    rows = [subscribe(user, push_service.browser()) for _ in range(3)]
    other = subscribe(make_user(), push_service.browser())
    page = phone.get("/accounts/profile/").text
    assert page.count("Chrome on Android</span></button>") == 3
    phone.post(REMOVE, {"person": user.pk, "subscription": rows[0].pk})
    assert Subscription.objects.filter(user=user).count() == 2
    phone.post(REMOVE, {"person": user.pk, "subscription": other.pk})
    assert Subscription.objects.filter(pk=other.pk).exists()
    response = phone.post(REMOVE, {"person": user.pk, "next": "https://evil.example/"})
    assert response["Location"] == "/accounts/profile/"
    assert list(Subscription.objects.all()) == [other]
    assert phone.post(REMOVE, {"person": other.user.pk}).status_code == 404


def test_topics_are_changed_without_javascript(
    phone: Client, user: User, push_service: PushService
) -> None:
    row = subscribe(user, push_service.browser())
    address = f"/accounts/push/{row.pk}/change/"
    phone.post(address, {"topic": ["moved"]})
    row.refresh_from_db()
    assert row.topics == ["moved"]
    other = subscribe(make_user(), push_service.browser())
    assert phone.post(f"/accounts/push/{other.pk}/change/", {"topic": "hold"}).status_code == 404


def test_without_a_topic_nothing_changes_and_the_page_says_so(
    phone: Client, user: User, push_service: PushService
) -> None:
    row = subscribe(user, push_service.browser())
    response = phone.post(f"/accounts/push/{row.pk}/change/", {}, follow=True)
    assert "Choose at least one thing" in response.text
    assert Subscription.objects.get().topics == [*Topic]


def test_log_out_ends_the_messages_of_this_browser_only(
    phone: Client, user: User, push_service: PushService
) -> None:
    post(phone, user, push_service.browser())
    elsewhere = subscribe(user, push_service.browser())
    phone.post("/accounts/logout/")
    assert list(Subscription.objects.all()) == [elsewhere]


def test_another_person_who_logs_in_ends_what_the_former_was_told(
    phone: Client, user: User, push_service: PushService
) -> None:
    """The former person's session ended by itself: there was no log-out."""
    post(phone, user, push_service.browser())
    phone.cookies.pop("sessionid")
    make_user("ravi@example.com", PASSWORD)
    log_in(phone, "ravi@example.com")
    assert not Subscription.objects.exists()


def test_the_same_person_who_logs_in_again_is_still_told(
    phone: Client, user: User, push_service: PushService
) -> None:
    post(phone, user, push_service.browser())
    phone.cookies.pop("sessionid")
    log_in(phone, user.email)
    assert Subscription.objects.get().user == user


def test_another_person_who_subscribes_takes_the_browser_over(
    phone: Client, user: User, push_service: PushService
) -> None:
    """Even if the cookie of the browser is lost."""
    browser = push_service.browser()
    post(phone, user, browser)
    ravi, other = make_user(), Client()
    other.force_login(ravi)
    post(other, ravi, browser)
    assert Subscription.objects.get().user == ravi


def test_a_guest_subscribes_and_their_account_is_told_too_after_the_log_in(
    client: Client, user: User, push_service: PushService
) -> None:
    guest = User.objects.create_guest()
    session = client.session
    session["guest"] = guest.pk
    session.save()
    assert post(client, guest, push_service.browser(), "hold").status_code == 200
    assert Subscription.objects.get().user == guest
    log_in(client, user.email)
    rows = Subscription.objects.all()
    assert {row.user for row in rows} == {guest, user}
    assert {tuple(row.topics) for row in rows} == {("hold",)}
    client.post("/accounts/logout/")
    assert not Subscription.objects.exists()


def test_a_forged_cookie_ends_nobody_elses_messages(
    phone: Client, user: User, push_service: PushService, settings: Settings
) -> None:
    row = subscribe(make_user(), push_service.browser())
    phone.cookies[settings.PUSH_COOKIE_NAME] = row.device
    phone.post("/accounts/logout/")
    assert Subscription.objects.exists()


def test_a_new_password_and_log_out_others_end_other_browsers(
    phone: Client, user: User, push_service: PushService
) -> None:
    post(phone, user, push_service.browser())
    own = Subscription.objects.get()
    subscribe(user, push_service.browser())
    phone.post("/accounts/profile/log-out-others/")
    assert list(Subscription.objects.all()) == [own]
    set_password(user=user, password="velvet curtain 7")
    assert not Subscription.objects.exists()


def test_a_closed_account_is_told_nothing(user: User, push_service: PushService) -> None:
    subscribe(user, push_service.browser())
    delete_account(user=user)
    assert not Subscription.objects.exists()


def test_the_export_names_the_browsers_but_not_their_secrets(
    user: User, push_service: PushService
) -> None:
    browser = push_service.browser()
    subscribe(user, browser, Topic.HOLD)
    (part,) = account_data(user)["pushSubscriptions"]
    assert (part["browser"], part["topics"]) == ("Chrome on Android", ["hold"])
    assert browser.endpoint not in str(part)
    assert browser.auth not in str(part)


def log_in(client: Client, email: str) -> None:
    response = client.post("/accounts/login/", {"username": email, "password": PASSWORD})
    assert response.status_code == 302


def test_a_guest_sees_and_ends_their_browsers_on_the_page_of_their_ticket(
    client: Client, push_service: PushService
) -> None:
    guest = make_guest(email="ravi@example.com")
    ticket = make_booking(make_show(), ["A1"], user=guest)
    session = client.session
    session["guest"] = guest.pk
    session.save()
    row = subscribe(guest, push_service.browser())
    page = client.get(ticket.get_absolute_url()).text
    assert "Chrome on Android</span></button>" in page
    form = {"person": guest.pk, "subscription": row.pk, "next": ticket.get_absolute_url()}
    response = client.post(REMOVE, form)
    assert response["Location"] == ticket.get_absolute_url()
    assert not Subscription.objects.exists()
    assert "Chrome on Android" not in client.get(ticket.get_absolute_url()).text


def test_without_a_key_pages_leave_the_button_out(
    phone: Client, user: User, push_service: PushService, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    settings.VAPID_PRIVATE_KEY = ""
    settings.VAPID_KEY_FILE = tmp_path / "file" / "vapid.key"
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    ticket = make_booking(make_show(), ["A1"], user=user)
    for booking in (held, ticket):
        response = phone.get(booking.get_absolute_url())
        assert response.status_code == 200
        assert "data-push-key" not in response.text
    response = post(phone, user, push_service.browser())
    assert response.status_code == 422
    assert response.text == "Notifications are not available right now."


def test_the_part_of_the_page_costs_no_statement_before_somebody_subscribed(
    phone: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = RequestFactory().get("/")
    request.user, request.session = user, phone.session
    parts = "{% push_opt_in person 'hold' %}{% push_browsers_of_guest person %}"
    page = Template("{% load push %}" + parts)
    with django_assert_num_queries(0):
        html = page.render(RequestContext(request, {"person": user.pk}))
    assert "data-push-key" in html


def test_a_renewed_subscription_keeps_its_people_and_topics(
    phone: Client, user: User, push_service: PushService
) -> None:
    old, new = push_service.browser(), push_service.browser()
    post(phone, user, old, "moved")
    assert phone.post(RENEW, new.form, headers=HERE).status_code == 204
    row = Subscription.objects.get()
    assert (row.user, row.endpoint, row.topics) == (user, new.endpoint, ["moved"])
    # The browser's cookie names the new one.
    assert phone.post(RENEW, old.form, headers=HERE).status_code == 204
    assert Subscription.objects.get().endpoint == old.endpoint
    assert phone.post(RENEW, {**old.form, "auth": ""}, headers=HERE).status_code == 422


def test_only_scripts_of_this_site_and_browsers_that_subscribed_renew(
    phone: Client, user: User, push_service: PushService
) -> None:
    old, new = push_service.browser(), push_service.browser()
    post(phone, user, old)
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert phone.post(RENEW, new.form, headers=headers).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(RENEW, new.form, headers=HERE).status_code == 404
    assert Subscription.objects.get().endpoint == old.endpoint
