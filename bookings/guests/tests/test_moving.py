"""A guest's holds move to the person who logs in or signs up (docs/spec.md §19.2)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.models import F
from django.test import Client
from django.urls import reverse

from accounts.models import User
from bookings import services
from bookings.errors import BookingNotFound, HoldPaused, TooManyHolds, TooManySeats
from bookings.guests import at_log_in
from bookings.guests.moving import has_bought, move_holds
from bookings.models import Booking
from bookings.payments.states import OrderState, PaymentState
from shows.models import Show
from tests.support.factories import lapse, make_booking, make_guest, make_show, make_user
from tests.support.money import make_order, make_payment
from tests.support.races import assert_sold_once

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


def hold(user: User, show: Show, *labels: str, key: str | None = None) -> Booking:
    return services.hold_seats(user=user, show_id=show.pk, labels=labels, idempotency_key=key)


@pytest.fixture
def guest() -> User:
    return make_guest()


@pytest.fixture
def user() -> User:
    return make_user()


def owner_of(booking: Booking) -> User:
    booking.refresh_from_db()
    return booking.user


@pytest.mark.django_db(transaction=True)
def test_a_hold_moves_with_its_seats_its_end_and_its_key(guest: User, user: User) -> None:
    held = hold(guest, make_show(), "A1", "A2", key="k1")
    assert move_holds(guest=guest, to=user).holds == [held]
    moved = Booking.objects.get()
    assert (moved.user, moved.reference, moved.status) == (user, held.reference, "PENDING")
    assert (moved.created_at, moved.expires_at) == (held.created_at, held.expires_at)
    assert (moved.seats, moved.idempotency_key) == (held.seats, "k1")
    assert_sold_once(held.show)
    assert services.confirm_booking(user=user, reference=held.reference)
    with pytest.raises(BookingNotFound):
        services.release_hold(user=guest, reference=held.reference)


def test_holds_at_several_shows_move_and_a_second_call_finds_nothing(
    guest: User, user: User
) -> None:
    for _ in range(3):
        hold(guest, make_show(), "A1")
    assert len(move_holds(guest=guest, to=user).holds) == 3
    assert Booking.objects.filter(user=user, status="PENDING").count() == 3
    assert move_holds(guest=guest, to=user).holds == []


@pytest.mark.django_db(transaction=True)
def test_the_hold_that_the_person_has_at_the_show_is_swapped_for_it(
    guest: User, user: User
) -> None:
    show = make_show()
    own, held = hold(user, show, "A1", "A2"), hold(guest, show, "B1")
    order = make_order(own)
    payment = make_payment(order, PaymentState.OPEN)
    moved = move_holds(guest=guest, to=user)
    assert (moved.holds, moved.swapped) == ([held], [own])
    own.refresh_from_db()
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (own.status, own.ended_reason) == ("FAILED", "swapped")
    assert (order.state, payment.state) == (OrderState.ABANDONED, PaymentState.CANCEL_DUE)
    assert owner_of(held) == user
    assert_sold_once(show)


@pytest.mark.django_db(transaction=True)
def test_a_lapsed_hold_of_the_person_is_written_down_as_lapsed(guest: User, user: User) -> None:
    show = make_show()
    own, held = hold(user, show, "A1"), hold(guest, show, "B1")
    lapse(own)
    moved = move_holds(guest=guest, to=user)
    assert (moved.holds, moved.swapped) == ([held], [])
    own.refresh_from_db()
    assert (own.status, own.ended_reason) == ("FAILED", "lapsed")
    assert_sold_once(show)


def test_a_lapsed_hold_of_the_guest_stays_and_leaves_the_persons_hold_alone(
    guest: User, user: User
) -> None:
    show = make_show()
    own, held = hold(user, show, "A1"), hold(guest, show, "B1")
    lapse(held)
    moved = move_holds(guest=guest, to=user)
    assert (moved.holds, moved.swapped, moved.refused) == ([], [], [])
    assert owner_of(held) == guest
    own.refresh_from_db()
    assert own.status == "PENDING"


def test_tickets_never_move(guest: User, user: User) -> None:
    show = make_show()
    ticket = make_booking(show, ["A1"], user=guest)
    gone = make_booking(show, ["A2"], user=guest)
    services.cancel_booking(user=guest, reference=gone.reference)
    held = hold(guest, show, "B1")
    assert move_holds(guest=guest, to=user).holds == [held]
    assert {owner_of(ticket), owner_of(gone)} == {guest}
    assert owner_of(held) == user
    assert has_bought(guest)
    assert not has_bought(user)


def test_the_open_order_moves_too_and_the_receipt_goes_to_the_account(
    guest: User, user: User
) -> None:
    held = hold(guest, make_show(), "A1")
    order = make_order(held, email="anna@example.com")
    payment = make_payment(order, PaymentState.OPEN)
    move_holds(guest=guest, to=user)
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.user, order.email, order.state) == (user, user.email, OrderState.OPEN)
    assert payment.state == PaymentState.OPEN


def test_holds_that_were_swapped_for_it_move_along(guest: User, user: User) -> None:
    """So their time still counts, and Pay can't extend the hold a second time."""
    show = make_show()
    first, released = hold(guest, show, "A1"), make_show()
    order = make_order(first)
    second = hold(guest, show, "B1")
    other = hold(guest, released, "A1")
    services.release_hold(user=guest, reference=other.reference)
    move_holds(guest=guest, to=user)
    order.refresh_from_db()
    assert {owner_of(first), owner_of(second), order.user} == {user}
    assert owner_of(other) == guest


def test_the_seats_of_the_person_at_the_show_are_limited(
    guest: User, user: User, settings: Any
) -> None:
    settings.MAX_SEATS_PER_SHOW = 4
    show = make_show()
    make_booking(show, ["A1", "A2", "A3"], user=user)
    own, held = hold(user, show, "A4"), hold(guest, show, "B1", "B2")
    (refused,) = move_holds(guest=guest, to=user).refused
    assert isinstance(refused.why, TooManySeats)
    assert owner_of(held) == guest
    own.refresh_from_db()
    assert own.status == "PENDING", "a refused move keeps the person's hold"
    staff = make_user(is_staff=True)
    assert move_holds(guest=guest, to=staff).holds == [held], "staff have no limits"


def test_the_shows_at_which_the_person_holds_are_limited(
    guest: User, user: User, settings: Any
) -> None:
    settings.MAX_HOLDS = 2
    first, second = make_show(), make_show()
    hold(user, make_show(), "A1")
    held, over = hold(guest, first, "A1"), hold(guest, second, "A1")
    moved = move_holds(guest=guest, to=user)
    assert moved.holds == [held]
    (refused,) = moved.refused
    assert (refused.hold, type(refused.why)) == (over, TooManyHolds)
    assert owner_of(over) == guest


def test_an_idempotency_key_that_the_person_used_already_is_dropped(
    guest: User, user: User
) -> None:
    earlier = hold(user, make_show(), "A1", key="same")
    held = hold(guest, make_show(), "A1", key="same")
    other = hold(guest, make_show(), "A1", key="free")
    move_holds(guest=guest, to=user)
    assert owner_of(held) == owner_of(other) == user
    held.refresh_from_db()
    assert (held.idempotency_key, held.idempotency_hash) == (None, "")
    assert Booking.objects.get(pk=earlier.pk).idempotency_key == "same"
    assert Booking.objects.get(pk=other.pk).idempotency_key == "free"


def test_the_time_as_a_guest_counts_for_the_person(guest: User, user: User, settings: Any) -> None:
    """Nobody starts the pause after long holds again by logging in."""
    settings.UNPAID_HOLD_TIME, settings.HOLD_PAUSE = timedelta(minutes=4), timedelta(minutes=5)
    show = make_show()
    for _ in range(2):
        held = hold(guest, show, "A1")
        move_holds(guest=guest, to=user)
        held.refresh_from_db()
        lapse(held)
        services.sweep_lapsed_holds()
    with pytest.raises(HoldPaused):
        hold(user, show, "A1")


def visitor_with_hold(show: Show, *labels: str) -> tuple[Client, Booking]:
    client = Client()
    client.post(reverse("bookings:hold", args=[show.pk]), {"seat": labels, "token": "t"})
    return client, Booking.objects.get(show=show, status="PENDING", user__is_guest=True)


def log_in(client: Client, user: User) -> Any:
    form = {"username": user.email, "password": PASSWORD}
    return client.post(reverse("accounts:login"), form)


def test_logging_in_moves_the_holds_and_says_nothing() -> None:
    user = make_user(password=PASSWORD)
    client, held = visitor_with_hold(make_show(), "A1")
    response = log_in(client, user)
    assert response.status_code == 302
    assert owner_of(held) == user
    page = client.get(held.get_absolute_url())
    assert page.status_code == 200
    assert "could not move" not in page.content.decode()


def test_signing_up_moves_the_holds() -> None:
    client, held = visitor_with_hold(make_show(), "A1")
    form = {"name": "Anna Berg", "email": "anna@example.com", "password": PASSWORD}
    assert client.post(reverse("accounts:signup"), form).status_code == 302
    assert owner_of(held).email == "anna@example.com"


def test_the_log_in_of_staff_moves_holds_before_the_code_is_asked(settings: Any) -> None:
    """Customers' pages don't ask for the second factor, so the hold is there at once."""
    settings.STAFF_2FA = True
    clerk = make_user(password=PASSWORD, is_staff=True)
    client, held = visitor_with_hold(make_show(), "A1")
    form = {"username": clerk.email, "password": PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", form).status_code == 302
    assert owner_of(held) == clerk
    assert client.get("/admin/").status_code == 302, "the admin still asks for the code"


def test_a_swapped_hold_is_told_after_the_log_in() -> None:
    user, show = make_user(password=PASSWORD), make_show()
    own = hold(user, show, "C1")
    client, held = visitor_with_hold(show, "A1", "A2")
    log_in(client, user)
    page = client.get(held.get_absolute_url()).content.decode()
    assert "You were holding C1 at this show already. We let them go and kept A1, A2" in page
    own.refresh_from_db()
    assert own.ended_reason == "swapped"


def test_a_refused_move_keeps_the_log_in_and_the_hold_in_this_browser(settings: Any) -> None:
    settings.MAX_HOLDS = 1
    user, show = make_user(password=PASSWORD), make_show()
    hold(user, make_show(), "A1")
    client, held = visitor_with_hold(show, "A1")
    assert log_in(client, user).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    guest = owner_of(held)
    assert guest.is_guest
    assert client.session["guest"] == guest.pk
    page = client.get("/").content.decode()
    assert "Seats A1 could not move to your account. You are holding seats at another show" in page


def test_a_failing_database_does_not_break_the_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user(password=PASSWORD)
    client, held = visitor_with_hold(make_show(), "A1")

    def fail(**_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(at_log_in, "move_holds", fail)
    assert log_in(client, user).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert owner_of(held).is_guest


def test_a_log_in_without_a_guest_costs_no_statement_more(
    django_assert_max_num_queries: Any, rf: Any
) -> None:
    request = rf.post("/")
    request.session = Client().session
    with django_assert_max_num_queries(0):
        at_log_in._logged_in(None, request=request, user=User())


def test_a_hold_near_its_end_keeps_its_end(guest: User, user: User) -> None:
    held = hold(guest, make_show(), "A1")
    near = timedelta(seconds=119)
    Booking.objects.update(created_at=F("created_at") - near, expires_at=F("expires_at") - near)
    move_holds(guest=guest, to=user)
    held.refresh_from_db()
    assert held.user == user
    assert (held.expires_at - held.created_at) == timedelta(minutes=2)
