"""A guest writes a name, an email and a phone, and confirms with the same button."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from bookings.models import Booking
from shows.models import Show
from tests.support.factories import lapse, make_show, make_user
from tests.support.money import make_order

pytestmark = pytest.mark.django_db
DETAILS = {"name": "Asha Rao", "email": "Asha@Example.com", "phone": "+91 98200 12345"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def show() -> Show:
    return make_show()


def hold(client: Client, show: Show, *labels: str) -> Booking:
    client.post(
        reverse("bookings:hold", args=[show.pk]), {"seat": labels, "token": "".join(labels)}
    )
    return Booking.objects.latest("pk")


def check_out(client: Client, booking: Booking, **changes: str) -> Any:
    data = DETAILS | {"way": "cinema"} | changes
    headers = HTMX if data.pop("htmx", "") else {}
    address = reverse("bookings:check-out", args=[booking.reference])
    return client.post(address, data, headers=headers)


def test_one_post_saves_the_details_and_confirms(client: Client, show: Show) -> None:
    booking = hold(client, show, "A1", "A2")
    page = client.get(booking.get_absolute_url()).content.decode()
    assert "Confirm, pay ₹500 at the cinema" in page
    for field in ("name", "email", "tel"):
        assert f'autocomplete="{field}"' in page
    assert check_out(client, booking)["Location"] == booking.get_absolute_url()
    booking.refresh_from_db()
    guest = booking.user
    assert booking.status == "CONFIRMED"
    assert (guest.name, guest.email, guest.phone) == (
        "Asha Rao",
        "Asha@example.com",
        DETAILS["phone"],
    )
    assert "Booked. Enjoy the film." in client.get(booking.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "Tell us your name."),
        ({"email": "asha@"}, "Write an email address, for example asha@example.com."),
        ({"email": ""}, "your ticket goes there"),
        ({"phone": "call me"}, "Write a phone number, for example +91 98200 12345."),
    ],
)
@pytest.mark.parametrize("htmx", ["", "yes"])
def test_wrong_details_are_told_beside_the_field_and_the_hold_and_the_rest_stay(
    client: Client, show: Show, change: dict[str, str], words: str, htmx: str
) -> None:
    booking = hold(client, show, "A1")
    response = check_out(client, booking, htmx=htmx, **change)
    assert response.status_code == (422 if htmx else 303)
    if not htmx:
        assert response["Location"] == booking.get_absolute_url()
        # Back and Reload show it again, and post nothing.
        client.get(response["Location"])
        response = client.get(response["Location"])
    body = response.content.decode()
    assert words in body
    assert ("<html" in body) == (not htmx), "htmx gets only the form"
    for name in DETAILS.keys() - change.keys():
        assert f'value="{DETAILS[name]}"' in body
    before = booking.expires_at
    booking.refresh_from_db()
    assert (booking.status, booking.expires_at) == ("PENDING", before)
    assert booking.user.email == ""


def test_what_was_typed_is_forgotten_once_it_is_right(client: Client, show: Show) -> None:
    booking = hold(client, show, "A1")
    check_out(client, booking, phone="call me")
    assert client.cookies["typed"]["path"] == booking.get_absolute_url()
    # The page shows another start than the show has now, so nothing is confirmed.
    check_out(client, booking, starts_at="2030-01-01T10:00:00+00:00")
    page = client.get(booking.get_absolute_url()).content.decode()
    assert "call me" not in page
    assert DETAILS["phone"] in page


def test_the_form_posted_twice_confirms_once(client: Client, show: Show) -> None:
    booking = hold(client, show, "A1")
    for _ in range(2):
        assert check_out(client, booking)["Location"] == booking.get_absolute_url()
    assert Booking.objects.filter(status="CONFIRMED").count() == 1
    assert User.objects.count() == 1


def test_the_next_purchase_has_the_fields_filled_in(client: Client, show: Show) -> None:
    check_out(client, hold(client, show, "A1"))
    page = client.get(hold(client, show, "A2").get_absolute_url()).content.decode()
    assert 'value="Asha Rao"' in page
    assert 'value="Asha@example.com"' in page


def test_a_second_email_leaves_the_first_ticket_with_its_own(client: Client, show: Show) -> None:
    first = hold(client, show, "A1")
    check_out(client, first)
    second = hold(client, make_show(), "B1")
    check_out(client, second, email="mira@example.com")
    for booking, email in ((first, "Asha@example.com"), (second, "mira@example.com")):
        booking.refresh_from_db()
        assert (booking.status, booking.user.email) == ("CONFIRMED", email)
        assert client.get(booking.get_absolute_url()).status_code == 200
    assert first.user != second.user


def test_an_email_that_is_corrected_after_pay_is_that_of_the_receipt(
    client: Client, show: Show
) -> None:
    booking = hold(client, show, "A1")
    order = make_order(booking, email="asah@example.com")
    check_out(client, booking)
    order.refresh_from_db()
    assert order.email == "Asha@example.com"


def test_a_hold_without_details_is_not_confirmed(client: Client, show: Show) -> None:
    booking = hold(client, show, "A1")
    response = client.post(reverse("bookings:confirm", args=[booking.reference]), follow=True)
    assert "Write your name, email and phone" in response.content.decode()
    booking.refresh_from_db()
    assert booking.status == "PENDING"


def test_another_guest_and_a_visitor_change_nothing(client: Client, show: Show) -> None:
    booking = hold(client, show, "A1")
    other = Client()
    hold(other, show, "B1")
    for stranger in (other, Client()):
        assert "/accounts/login/" in check_out(stranger, booking)["Location"]
    signed_in = Client()
    signed_in.force_login(make_user())
    assert check_out(signed_in, booking).status_code == 404
    booking.refresh_from_db()
    assert (booking.status, booking.user.email) == ("PENDING", "")


def test_the_email_of_an_account_attaches_nothing_to_it_and_is_not_told(
    client: Client, show: Show
) -> None:
    owner = make_user("asha@example.com")
    booking = hold(client, show, "A1")
    assert check_out(client, booking)["Location"] == booking.get_absolute_url()
    booking.refresh_from_db()
    assert booking.user != owner
    assert not Booking.objects.filter(user=owner).exists()
    page = client.get(booking.get_absolute_url()).content.decode()
    assert "Booked. Enjoy the film." in page
    assert "Log in instead" not in page


def test_details_that_come_too_late_are_kept_for_the_next_try(client: Client, show: Show) -> None:
    booking = hold(client, show, "A1")
    lapse(booking)
    assert (
        "Your time ran out" in client.get(check_out(client, booking)["Location"]).content.decode()
    )
    again = hold(client, show, "A1")
    assert 'value="Asha Rao"' in client.get(again.get_absolute_url()).content.decode()


def test_a_site_that_does_not_sell_to_guests_asks_for_a_log_in_after_the_hold(
    client: Client, show: Show, settings: Any
) -> None:
    settings.GUEST_CHECKOUT = False
    booking = hold(client, show, "A1")
    page = client.get(booking.get_absolute_url()).content.decode()
    assert "Log in to book" in page
    assert 'name="phone"' not in page
    check_out(client, booking)
    client.post(reverse("bookings:confirm", args=[booking.reference]))
    booking.refresh_from_db()
    assert (booking.status, booking.user.email) == ("PENDING", "")


def test_a_field_is_checked_when_it_is_left(client: Client) -> None:
    address = reverse("bookings:guest-check", args=["email"])
    assert "Write an email address" in client.post(address, {"email": "asha@"}).content.decode()
    words = client.post(address, {"email": "asha@example.com"}).content.decode()
    assert "email" not in words.partition(">")[2]
    assert client.post(reverse("bookings:guest-check", args=["secret"])).status_code == 400


def test_the_log_in_page_says_what_is_held(client: Client, show: Show) -> None:
    address = reverse("accounts:login")
    assert "held for you" not in client.get(address).content.decode()
    booking = hold(client, show, "A1", "A2")
    for page in (address, reverse("accounts:signup")):
        body = client.get(f"{page}?next={booking.get_absolute_url()}").content.decode()
        assert "<b>A1, A2</b>" in body
        assert "are held for you" in body
    assert "held for you" not in Client().get(address).content.decode()
