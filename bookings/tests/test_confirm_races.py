"""Confirmations that meet the end of their hold, each order of events forced by a lock."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from bookings import services
from bookings.errors import BookingExpired, SeatsUnavailable
from bookings.models import Booking
from shows.clock import database_now
from tests.factories import make_show, make_user

from .test_races import assert_sold_once, at_once, wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held() -> Booking:
    """A hold of A1 with seconds left, enough for a confirmation to begin on a slow machine."""
    held = services.hold_seats(user=make_user(), show_id=make_show().pk, labels=["A1"])
    held.expires_at = database_now() + timedelta(seconds=3)
    held.save(update_fields=["expires_at"])
    return held


def wait_until(moment: datetime) -> None:
    while database_now() <= moment:
        time.sleep(0.01)


def meeting(
    first: Callable[[], object], second: Callable[[], object], end: datetime, *, late: bool
) -> object:
    """What `second` comes to while `first` isn't committed before it waits and `end` has passed.

    `second` begins once `first` is done and, being `late`, not before `end`.
    """
    done = threading.Event()

    def act(number: int) -> object:
        if number == 0:
            with transaction.atomic():
                first()
                done.set()
                wait_for_waiting(1)
                wait_until(end)
            return None
        done.wait(60)
        if late:
            wait_until(end)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '60s'")
        return second()

    _, outcome = at_once(act, 2)
    return outcome


def test_a_confirmation_that_waits_for_its_lock_until_the_hold_ended_is_too_late(
    held: Booking,
) -> None:
    outcome = meeting(
        lambda: Booking.objects.select_for_update(no_key=True).get(pk=held.pk),
        lambda: services.confirm_booking(user=held.user, reference=held.reference),
        held.expires_at,
        late=False,
    )
    assert isinstance(outcome, BookingExpired)
    held.refresh_from_db()
    assert held.status == Booking.Status.PENDING


def test_who_wants_seats_whose_hold_has_ended_waits_for_a_confirmation_that_came_in_time(
    held: Booking,
) -> None:
    next_buyer = make_user()
    outcome = meeting(
        lambda: services.confirm_booking(user=held.user, reference=held.reference),
        lambda: services.hold_seats(user=next_buyer, show_id=held.show_id, labels=["A1"]),
        held.expires_at,
        late=True,
    )
    assert isinstance(outcome, SeatsUnavailable)
    held.refresh_from_db()
    assert held.status == Booking.Status.CONFIRMED
    assert_sold_once(held.show)


def test_a_sweep_after_the_end_leaves_a_confirmation_that_came_in_time(held: Booking) -> None:
    outcome = meeting(
        lambda: services.confirm_booking(user=held.user, reference=held.reference),
        services.expire_holds,
        held.expires_at,
        late=True,
    )
    assert outcome == 0
    held.refresh_from_db()
    assert held.status == Booking.Status.CONFIRMED
    assert_sold_once(held.show)
