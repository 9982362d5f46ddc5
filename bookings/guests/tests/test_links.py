"""The mailed link of a guest: who gets in, until when, and what it never tells."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.registry import Drop, kind_of
from bookings import services
from bookings.guests.links import guest_link
from bookings.models import Booking
from shows.models import Show
from tests.support.factories import lapse, make_booking, make_guest, make_show, make_user

pytestmark = pytest.mark.django_db
FIND = "/bookings/find/"


@pytest.fixture
def guest() -> User:
    return make_guest("asha@example.com", name="Asha Rao")


@pytest.fixture
def booking(guest: User) -> Booking:
    return make_booking(make_show(), ["A1", "A2"], user=guest)


def path_of(booking: Booking) -> str:
    return urlsplit(guest_link(booking)).path


def end_show(show: Show, ago: timedelta) -> None:
    moved = {
        name: getattr(show, name) - ago - (show.ends_at - show.starts_at) - timedelta(days=1)
        for name in ("starts_at", "ends_at", "busy_until")
    }
    Show.objects.filter(pk=show.pk).update(**moved)


def test_a_button_opens_the_booking_in_another_browser(booking: Booking) -> None:
    browser = Client()
    page = browser.get(path_of(booking))
    assert page.status_code == 200
    assert browser.get(booking.get_absolute_url()).status_code == 302, "a look opens nothing"
    assert browser.post(path_of(booking))["Location"] == booking.get_absolute_url()
    assert "Booked." in browser.get(booking.get_absolute_url()).content.decode()
    assert booking.seats[0] in browser.get(reverse("bookings:list")).content.decode()
    booking.user.refresh_from_db()
    assert booking.user.email_confirmed_at, "who reads the mail has the address"


def test_the_page_of_a_hold_says_until_when(guest: User) -> None:
    hold = services.hold_seats(user=guest, show_id=make_show().pk, labels=["A1"])
    until = hold.expires_at.astimezone(hold.show.screen.cinema.tz)
    shown = Client().get(path_of(hold)).content.decode()
    assert f"{until:%H:%M}" in shown
    assert "See my seats" in shown
    lapse(hold)
    assert "Open my booking" in Client().get(path_of(hold)).content.decode()


def test_the_session_gets_a_new_key(booking: Booking) -> None:
    browser = Client()
    browser.post(reverse("bookings:hold", args=[make_show().pk]), {"seat": "A1"})
    before = browser.cookies["sessionid"].value
    browser.post(path_of(booking))
    assert browser.cookies["sessionid"].value != before


def test_the_page_keeps_its_address_to_itself(booking: Booking) -> None:
    for response in (Client().get(path_of(booking)), Client().get("/bookings/guest/forged/")):
        assert response["Referrer-Policy"] == "strict-origin"
        assert "noindex" in response["X-Robots-Tag"]
        assert "no-store" in response["Cache-Control"]


def test_a_forged_link_opens_nothing_and_offers_a_new_one(booking: Booking) -> None:
    path = path_of(booking)
    for forged in (
        "/bookings/guest/forged/",
        path[:-4] + "abc/",
        path.replace("guest/", "guest/x"),
    ):
        for method in ("get", "post"):
            browser = Client()
            response = getattr(browser, method)(forged)
            assert response.status_code == 410
            assert "This link doesn’t work any more" in response.content.decode()
            assert browser.get(booking.get_absolute_url()).status_code == 302


def test_a_link_made_with_another_key_is_forged(booking: Booking, settings: Any) -> None:
    path = path_of(booking)
    old, settings.TICKET_KEY = settings.TICKET_KEY, "another-key-of-tickets"
    assert Client().get(path).status_code == 410
    settings.TICKET_KEY_FALLBACKS = [old]
    assert Client().get(path).status_code == 200


def test_a_link_lives_until_30_days_after_the_last_show(booking: Booking) -> None:
    path, show = path_of(booking), booking.show
    end_show(show, timedelta(days=28))
    assert Client().get(path).status_code == 200
    end_show(show, timedelta(days=31))
    response = Client().get(path)
    assert response.status_code == 410
    assert booking.reference in response.content.decode(), "the reference is filled in"
    make_booking(make_show(), ["A1"], user=booking.user)
    assert Client().get(path).status_code == 200


def test_a_changed_address_ends_old_links(booking: Booking) -> None:
    path = path_of(booking)
    User.objects.filter(pk=booking.user_id).update(email="mira@example.com")
    assert Client().post(path).status_code == 410
    booking.user.refresh_from_db()
    assert Client().get(path_of(booking)).status_code == 200


def test_a_changed_address_also_ends_what_a_link_opened(booking: Booking) -> None:
    """The mail went to a stranger, who opened it. Staff correct the address: nothing is left."""
    stranger = Client()
    stranger.post(path_of(booking))
    assert stranger.get(booking.get_absolute_url()).status_code == 200
    User.objects.filter(pk=booking.user_id).update(email="mira@example.com")
    assert stranger.get(booking.get_absolute_url()).status_code == 302
    cancelled = stranger.post(reverse("bookings:cancel", args=[booking.reference]))
    assert "/accounts/login/" in cancelled["Location"]
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    assert stranger.get("/bookings/to-save/").json()["tickets"] == []


def test_an_account_has_no_such_link() -> None:
    assert guest_link(make_booking(make_show(), ["A1"], user=make_user())) == ""


def ask(client: Client, booking: Booking, email: str = "ASHA@example.com ") -> Any:
    return client.post(FIND, {"reference": booking.reference.lower(), "email": email})


def test_a_new_link_is_mailed_to_the_address_of_the_booking(booking: Booking) -> None:
    client = Client()
    page = client.get(ask(client, booking)["Location"]).content.decode()
    assert "a link to your booking is on its way" in page
    assert booking.reference not in page
    message = Message.objects.get()
    assert (message.kind, message.user, message.data) == ("guest-link", booking.user, {})
    mail = kind_of("guest-link").compose(message)
    assert mail.to == ["asha@example.com"]
    (path,) = re.findall(r"http\S+?(/bookings/guest/\S+)", mail.body)
    assert Client().get(path).status_code == 200
    assert path in mail.alternatives[0][0]


def test_the_answer_is_the_same_for_what_does_not_exist(booking: Booking) -> None:
    accounts = make_booking(make_show(), ["A1"], user=make_user("mira@example.com"))
    real = ask(Client(), booking)
    Message.objects.all().delete()
    for one, email in ((booking, "other@example.com"), (accounts, "mira@example.com")):
        answer = ask(Client(), one, email)
        assert (answer.status_code, answer["Location"]) == (real.status_code, real["Location"])
    nothing = Client().post(FIND, {"reference": "BMV" + "0" * 12, "email": "asha@example.com"})
    assert (nothing.status_code, nothing["Location"]) == (real.status_code, real["Location"])
    assert not Message.objects.exists()


def test_links_are_asked_for_a_few_times_an_hour(booking: Booking, settings: Any) -> None:
    settings.RATE_LIMITS = True
    for _ in range(5):
        assert ask(Client(), booking).status_code == 302
    Message.objects.all().delete()
    assert ask(Client(), booking).status_code == 302, "the answer tells nothing"
    assert not Message.objects.exists()


def test_a_stranger_who_tries_references_does_not_keep_the_guest_out(
    booking: Booking, settings: Any
) -> None:
    settings.RATE_LIMITS = True
    for _ in range(10):
        stranger = Client(REMOTE_ADDR="203.0.113.9")
        stranger.post(FIND, {"reference": "BMV" + "0" * 12, "email": "asha@example.com"})
    assert ask(Client(), booking).status_code == 302
    assert Message.objects.filter(user=booking.user).count() == 1


def test_a_mail_is_dropped_when_its_booking_is_an_account_s(booking: Booking) -> None:
    ask(Client(), booking)
    Booking.objects.filter(pk=booking.pk).update(user=make_user())
    assert isinstance(kind_of("guest-link").compose(Message.objects.get()), Drop)


def test_what_was_typed_wrong_is_told(booking: Booking) -> None:
    response = Client().post(FIND, {"reference": "1234", "email": "asha@"})
    assert response.status_code == 422
    body = response.content.decode()
    assert "A reference is BMV and 12 letters and digits" in body
    assert "Write an email address" in body


def test_this_browser_forgets_its_guests(booking: Booking) -> None:
    browser = Client()
    browser.post(path_of(booking))
    assert "Forget my bookings here" in browser.get(reverse("bookings:list")).content.decode()
    browser.post(reverse("bookings:forget"))
    assert browser.get(booking.get_absolute_url()).status_code == 302


def test_forgetting_keeps_an_account_logged_in(booking: Booking) -> None:
    browser = Client()
    browser.force_login(make_user())
    browser.post(path_of(booking))
    assert browser.get(booking.get_absolute_url()).status_code == 200
    browser.post(reverse("bookings:forget"))
    assert browser.get(booking.get_absolute_url()).status_code == 404
    assert browser.get(reverse("accounts:profile")).status_code == 200
