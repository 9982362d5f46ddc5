from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import services
from bookings.errors import (
    BookingExpired,
    BookingNotFound,
    BookingNotPending,
    ShowNotBookable,
)
from bookings.models import Booking
from shows.models import Seat, Show
from tests.support.factories import begin, lapse, make_booking, make_show, make_user

pytestmark = pytest.mark.django_db


def free_seats(show: Show) -> tuple[int, int]:
    """What the counter says, and what the seats say."""
    return (
        Show.objects.get(pk=show.pk).available_seats,
        Seat.objects.filter(show=show, booking=None).count(),
    )


def test_confirming_in_time_makes_a_sale_and_again_changes_nothing() -> None:
    user, show = make_user(), make_show()
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    sold = services.confirm_booking(user=user, reference=held.reference)
    assert sold.status == Booking.Status.CONFIRMED
    assert sold.confirmed_at is not None
    assert held.created_at < sold.confirmed_at < held.expires_at
    again = services.confirm_booking(user=user, reference=held.reference)
    assert again.confirmed_at == sold.confirmed_at


def test_a_confirmation_is_two_statements() -> None:
    user = make_user(email_confirmed_at=timezone.now())
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1", "A2"])
    with CaptureQueriesContext(connection) as queries:
        services.confirm_booking(user=user, reference=held.reference, show_id=held.show_id)
    said = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(said) == 2, said
    assert "FOR NO KEY UPDATE" in said[0]


def test_confirming_a_lapsed_hold_fails_swept_or_not() -> None:
    user, show = make_user(), make_show()
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    lapse(held)
    with pytest.raises(BookingExpired):
        services.confirm_booking(user=user, reference=held.reference)
    services.sweep_lapsed_holds()
    with pytest.raises(BookingExpired):
        services.confirm_booking(user=user, reference=held.reference)
    held.refresh_from_db()
    assert held.status == Booking.Status.FAILED


def test_a_hold_that_was_let_go_or_cancelled_cannot_be_confirmed() -> None:
    user, show = make_user(), make_show()
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    services.release_hold(user=user, reference=held.reference)
    with pytest.raises(BookingNotPending):
        services.confirm_booking(user=user, reference=held.reference)
    sold = make_booking(show, ["A2"], user=user)
    services.cancel_booking(user=user, reference=sold.reference)
    with pytest.raises(BookingNotPending):
        services.confirm_booking(user=user, reference=sold.reference)


@pytest.mark.parametrize(
    "action",
    [
        services.confirm_booking,
        services.release_hold,
        services.cancel_booking,
        services.give_back_booking,
    ],
)
def test_nobody_touches_another_persons_booking(action: Callable[..., Booking]) -> None:
    show = make_show()
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    with pytest.raises(BookingNotFound):
        action(user=make_user(), reference=held.reference)
    with pytest.raises(BookingNotFound):
        action(user=make_user(), reference="BMV000000000000")


def test_letting_a_hold_go_frees_its_seats_at_once() -> None:
    user, show = make_user(), make_show()
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1", "A2"])
    released = services.release_hold(user=user, reference=held.reference)
    assert (released.status, released.ended_reason) == (Booking.Status.FAILED, "released")
    assert released.seats == ["A1", "A2"], "what was held is kept for the books"
    assert free_seats(show) == (50, 50)
    assert services.release_hold(user=user, reference=held.reference).ended_reason == "released"


def test_letting_a_lapsed_hold_go_writes_that_it_lapsed() -> None:
    user, show = make_user(), make_show()
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    lapse(held)
    assert services.release_hold(user=user, reference=held.reference).ended_reason == "lapsed"
    assert free_seats(show) == (50, 50)


def test_a_sale_is_cancelled_before_the_show_and_not_after_it_began() -> None:
    user, show = make_user(), make_show()
    sold = make_booking(show, ["A1"], user=user)
    later = make_booking(show, ["B1"], user=user)
    cancelled = services.cancel_booking(user=user, reference=sold.reference)
    assert (cancelled.status, cancelled.ended_reason) == (Booking.Status.CANCELLED, "customer")
    assert cancelled.confirmed_at is not None
    assert free_seats(show) == (49, 49)
    assert services.cancel_booking(user=user, reference=sold.reference).status == "CANCELLED"
    begin(show)
    with pytest.raises(ShowNotBookable):
        services.cancel_booking(user=user, reference=later.reference)


def test_release_is_for_holds_and_cancel_is_for_sales() -> None:
    user, show = make_user(), make_show()
    sold = make_booking(show, ["A1"], user=user)
    held = services.hold_seats(user=user, show_id=show.pk, labels=["B1"])
    with pytest.raises(BookingNotPending):
        services.release_hold(user=user, reference=sold.reference)
    with pytest.raises(BookingNotPending):
        services.cancel_booking(user=user, reference=held.reference)
    assert services.give_back_booking(user=user, reference=sold.reference).status == "CANCELLED"
    assert services.give_back_booking(user=user, reference=held.reference).status == "FAILED"
    assert free_seats(show) == (50, 50)


def test_a_lapsed_hold_reads_as_failed_before_any_sweep() -> None:
    user, show = make_user(), make_show()
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    just_before = held.expires_at - timedelta(microseconds=1)
    assert held.status_at(just_before) == Booking.Status.PENDING
    assert held.seconds_remaining(just_before) == 1
    assert held.status_at(held.expires_at) == Booking.Status.FAILED
    assert held.seconds_remaining(held.expires_at) == 0
    shows = Show.objects.with_free_seats(at=just_before)
    assert shows.get(pk=show.pk).free_seats == 49
    shows = Show.objects.with_free_seats(at=held.expires_at)
    assert shows.get(pk=show.pk).free_seats == 50
    assert Seat.objects.filter(show=show).free(at=just_before).count() == 49
    assert Seat.objects.filter(show=show).free(at=held.expires_at).count() == 50
