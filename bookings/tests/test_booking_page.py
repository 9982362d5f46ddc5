import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.show_changes.services import cancel_show
from bookmyshow.core.time import database_now
from shows.models import Show
from tests.support.factories import begin, lapse, make_booking, make_show, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def held(user: User, show: Show) -> Booking:
    return services.hold_seats(user=user, show_id=show.pk, labels=["D2", "E1"])


def act(client: Client, booking: Booking, action: str) -> Any:
    address = reverse(f"bookings:{action}", args=[booking.reference])
    return client.post(address, follow=True)


def test_a_hold_is_reviewed_with_its_prices_and_the_time_the_server_gives(
    client: Client, held: Booking
) -> None:
    now = timezone.now()
    Booking.objects.filter(pk=held.pk).update(
        expires_at=now + timedelta(seconds=75), created_at=now
    )
    held.refresh_from_db()
    response = client.get(held.get_absolute_url())
    least = held.seconds_remaining(database_now())
    body = response.content.decode()
    for words in ("D2", "₹250", "E1", "₹400", "₹650", "Confirm"):
        assert words in body
    (seconds,) = map(int, re.findall(r'data-seconds="(\d+)"', body))
    assert least <= seconds <= 75
    assert f"{seconds // 60}:{seconds % 60:02}" in body


def test_confirming_makes_the_ticket_and_again_changes_nothing(
    client: Client, held: Booking
) -> None:
    for _ in range(2):
        response = act(client, held, "confirm")
        body = response.content.decode()
        assert held.reference in body
        assert "Ticket" in body
    assert Booking.objects.get().status == "CONFIRMED"


def test_confirming_too_late_says_so_and_offers_the_same_seats(
    client: Client, held: Booking
) -> None:
    lapse(held)
    body = act(client, held, "confirm").content.decode()
    assert "Your time ran out" in body
    assert "Hold D2, E1 again" in body
    again = re.findall(r'name="token" value="([^"]+)"', body)
    response = client.post(
        reverse("bookings:hold", args=[held.show_id]),
        {"seat": ["D2", "E1"], "token": again[0]},
    )
    new = Booking.objects.get(status="PENDING")
    assert response["Location"] == new.get_absolute_url()


def test_a_lapsed_hold_offers_what_is_left_of_its_seats(
    client: Client, held: Booking, show: Show
) -> None:
    lapse(held)
    make_booking(show, ["D2"])
    body = client.get(held.get_absolute_url()).content.decode()
    assert "E1 is still free" in body
    assert "seats=E1" in body
    make_booking(show, ["E1"])
    assert "gone to someone else" in client.get(held.get_absolute_url()).content.decode()


def test_letting_go_frees_the_seats_and_says_so(client: Client, held: Booking, show: Show) -> None:
    body = act(client, held, "release").content.decode()
    assert "You let these seats go" in body
    assert Show.objects.get(pk=show.pk).available_seats == 50


def test_a_swapped_hold_points_to_the_one_that_took_its_place(
    client: Client, user: User, held: Booking, show: Show
) -> None:
    newer = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    body = client.get(held.get_absolute_url()).content.decode()
    assert "You chose other seats" in body
    assert newer.get_absolute_url() in body


def test_cancelling_a_ticket_frees_its_seats(client: Client, user: User, show: Show) -> None:
    booking = make_booking(show, ["A1"], user=user)
    assert "Cancel this booking" in client.get(booking.get_absolute_url()).content.decode()
    body = act(client, booking, "cancel").content.decode()
    assert "You cancelled this booking" in body
    assert Show.objects.get(pk=show.pk).available_seats == 50


def test_after_the_start_a_ticket_cannot_be_cancelled(
    client: Client, user: User, show: Show
) -> None:
    booking = make_booking(show, ["A1"], user=user)
    begin(show)
    assert "Cancel this booking" not in client.get(booking.get_absolute_url()).content.decode()
    assert "can’t be cancelled" in act(client, booking, "cancel").content.decode().replace(
        "&#x27;", "’"
    )
    assert Booking.objects.get().status == "CONFIRMED"


def test_releasing_a_ticket_or_cancelling_a_hold_says_where_things_stand(
    client: Client, user: User, held: Booking
) -> None:
    body = act(client, held, "cancel").content.decode()
    assert "let it go instead" in body
    assert "Confirm" in body
    act(client, held, "confirm")
    assert "cancel it instead" in act(client, held, "release").content.decode()
    assert Booking.objects.get().status == "CONFIRMED"


def test_a_cancelled_show_says_that_it_was_the_cinema(
    client: Client, user: User, show: Show
) -> None:
    booking = make_booking(show, ["A1"], user=user)
    Show.objects.filter(pk=show.pk).update(status=Show.Status.CANCELLED)
    Booking.objects.filter(pk=booking.pk).update(status="CANCELLED", ended_reason="cinema")
    show.seats.update(booking=None)
    body = client.get(booking.get_absolute_url()).content.decode()
    assert "The cinema cancelled" in body
    assert "Other times" in body


def test_the_page_of_a_hold_at_a_cancelled_show_mentions_no_ticket(
    client: Client, held: Booking
) -> None:
    cancel_show(by=make_user(is_superuser=True), show_id=held.show_id)
    body = client.get(held.get_absolute_url()).content.decode()
    assert "The cinema cancelled this show" in body
    assert "Nothing was charged" in body
    assert "ticket doesn’t work" not in body


@pytest.mark.parametrize("action", ["booking", "clock", "confirm", "release", "cancel"])
def test_someone_elses_booking_does_not_exist(held: Booking, action: str) -> None:
    stranger = Client()
    stranger.force_login(make_user())
    address = reverse(f"bookings:{action}", args=[held.reference])
    call = stranger.get if action in {"booking", "clock"} else stranger.post
    assert call(address).status_code == 404
    held.refresh_from_db()
    assert held.status == "PENDING"


def test_a_visitor_is_asked_to_log_in_and_comes_back(held: Booking) -> None:
    response = Client().get(held.get_absolute_url())
    assert response.status_code == 302
    assert response["Location"].endswith(f"next={held.get_absolute_url()}")


@pytest.mark.parametrize("action", ["confirm", "release", "cancel", "pay"])
def test_a_button_that_is_pressed_after_the_log_in_ended_leads_back_to_its_page(
    held: Booking, action: str
) -> None:
    address = reverse(f"bookings:{action}", args=[held.reference])
    to_log_in = f"/accounts/login/?next={held.get_absolute_url()}"
    assert Client().post(address)["Location"] == to_log_in
    # htmx would follow a redirect, and show nothing.
    assert Client().post(address, headers={"HX-Request": "true"})["HX-Redirect"] == to_log_in
    held.refresh_from_db()
    assert held.status == "PENDING"


def test_the_page_is_private_and_never_kept(client: Client, held: Booking) -> None:
    response = client.get(held.get_absolute_url())
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]


def test_the_clock_tells_the_servers_time_left(client: Client, held: Booking) -> None:
    address = reverse("bookings:clock", args=[held.reference])
    told = client.get(address).json()
    assert told["status"] == "PENDING"
    assert held.seconds_remaining(database_now()) <= told["seconds"] <= 120
    lapse(held)
    assert client.get(address).json() == {"status": "FAILED", "seconds": 0}


def test_acting_from_a_fragment_moves_the_whole_page(client: Client, held: Booking) -> None:
    response = client.post(
        reverse("bookings:confirm", args=[held.reference]), headers={"HX-Request": "true"}
    )
    assert response["HX-Redirect"] == held.get_absolute_url()
