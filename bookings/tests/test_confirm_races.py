"""Confirming a hold at the moment it lapses, while something else happens to it.

Some tests force the order with a lock. The others let both sides race.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from bookings import services
from bookings.errors import BookingExpired, SeatsUnavailable
from bookings.models import Booking
from bookmyshow.core.time import database_now
from tests.support.factories import hall, lapse, make_show, make_user
from tests.support.races import assert_sold_once, at_once, meeting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held() -> Booking:
    return services.hold_seats(user=make_user(), show_id=make_show().pk, labels=["A1"])


def confirm_in_time(held: Booking) -> None:
    """Confirm a lapsed hold as if it were in time, inside the transaction of `meeting`.

    The hold's end is moved and the booking is confirmed in this transaction. Until its commit,
    other transactions see a lapsed hold.
    """
    Booking.objects.filter(pk=held.pk).update(expires_at=database_now() + timedelta(hours=1))
    services.confirm_booking(user=held.user, reference=held.reference)


def lock_until_it_lapses(held: Booking) -> Callable[[], None]:
    """Give a hold one more second and lock it. Returns a function that waits until it has lapsed.

    `meeting` calls that function before its commit, while the other call waits for the lock.
    """
    held.expires_at = database_now() + timedelta(seconds=1)
    rows = Booking.objects.filter(pk=held.pk, show=held.show_id)
    # On a connection of its own, so that the new end is committed before the lock is taken.
    at_once(lambda _: rows.update(expires_at=held.expires_at), 1)
    rows.select_for_update(no_key=True).get()

    def wait_until_lapsed() -> None:
        while database_now() <= held.expires_at:
            time.sleep(0.01)

    return wait_until_lapsed


def test_a_confirmation_that_gets_its_lock_after_the_hold_lapsed_is_refused(
    held: Booking,
) -> None:
    outcome = meeting(
        lambda: lock_until_it_lapses(held),
        lambda: services.confirm_booking(user=held.user, reference=held.reference),
    )
    assert isinstance(outcome, BookingExpired)
    held.refresh_from_db()
    assert held.status == Booking.Status.PENDING


def test_a_repeated_hold_that_gets_its_lock_after_the_first_lapsed_makes_a_new_booking(
    held: Booking,
) -> None:
    outcome = meeting(
        lambda: lock_until_it_lapses(held),
        lambda: services.hold_seats(user=held.user, show_id=held.show_id, labels=["A1"]),
    )
    assert isinstance(outcome, Booking)
    assert outcome.pk != held.pk
    assert outcome.created_at > held.expires_at
    assert outcome.expires_at - outcome.created_at == timedelta(minutes=2)
    held.refresh_from_db()
    assert (held.status, held.ended_reason) == (Booking.Status.FAILED, "lapsed")
    assert_sold_once(held.show)


def test_a_buyer_of_lapsed_seats_waits_for_a_confirmation_in_time_and_is_refused(
    held: Booking,
) -> None:
    lapse(held)
    next_buyer = make_user()
    outcome = meeting(
        lambda: confirm_in_time(held),
        lambda: services.hold_seats(user=next_buyer, show_id=held.show_id, labels=["A1"]),
    )
    assert isinstance(outcome, SeatsUnavailable)
    held.refresh_from_db()
    assert held.status == Booking.Status.CONFIRMED
    assert_sold_once(held.show)


def test_a_sweep_does_not_end_a_hold_that_was_confirmed_in_time(held: Booking) -> None:
    lapse(held)
    assert meeting(lambda: confirm_in_time(held), services.sweep_lapsed_holds) == 0
    held.refresh_from_db()
    assert held.status == Booking.Status.CONFIRMED
    assert_sold_once(held.show)


def test_a_lapsing_seat_goes_to_its_holder_or_to_the_next_buyer_and_not_to_both() -> None:
    show = make_show(hall(10, 20))
    holder, next_buyer = make_user(), make_user()
    outcomes: Counter[str] = Counter()
    # About how many milliseconds the hold has left when the race starts.
    margin = 5.0
    for label in show.seats.values_list("label", flat=True)[:100]:
        held = services.hold_seats(user=holder, show_id=show.pk, labels=[label])
        # The hold lapses in a few milliseconds, during the calls below.
        ends = timezone.now() + timedelta(milliseconds=margin * random.uniform(0.5, 1.5))
        Booking.objects.filter(pk=held.pk).update(
            created_at=ends - timedelta(minutes=2), expires_at=ends
        )

        decided = threading.Event()

        def act(
            number: int,
            held: Booking = held,
            label: str = label,
            decided: threading.Event = decided,
        ) -> Booking:
            if number == 0:
                try:
                    return services.confirm_booking(user=holder, reference=held.reference)
                finally:
                    decided.set()
            # Retry while the seat is held. The last try starts after the confirmation returned.
            while True:
                last_try = decided.is_set()
                try:
                    return services.hold_seats(user=next_buyer, show_id=show.pk, labels=[label])
                except SeatsUnavailable:
                    if last_try:
                        raise

        confirmed, taken = at_once(act, 2)
        assert isinstance(confirmed, Booking | BookingExpired), confirmed
        assert isinstance(taken, Booking | SeatsUnavailable), taken
        winners = [r for r in (confirmed, taken) if isinstance(r, Booking)]
        assert len(winners) == 1, (confirmed, taken)
        outcomes["confirmed" if winners[0] is confirmed else "taken over"] += 1
        # Adapt the margin to the speed of this machine, so that each side wins some rounds.
        margin *= 0.8 if winners[0] is confirmed else 1.3
        if winners[0] is taken:
            services.release_hold(user=next_buyer, reference=winners[0].reference)
    print(outcomes)
    assert len(outcomes) == 2, "the same side won every round"
    assert_sold_once(show)


def test_a_hold_that_is_confirmed_during_a_sweep_is_either_confirmed_or_failed() -> None:
    show = make_show(hall(10, 20))
    user = make_user()
    for label in show.seats.values_list("label", flat=True)[:50]:
        held = services.hold_seats(user=user, show_id=show.pk, labels=[label])
        ends = timezone.now() + timedelta(milliseconds=random.uniform(0, 8))
        Booking.objects.filter(pk=held.pk).update(
            created_at=ends - timedelta(minutes=2), expires_at=ends
        )

        def act(number: int, held: Booking = held) -> object:
            if number == 0:
                return services.confirm_booking(user=user, reference=held.reference)
            return [services.sweep_lapsed_holds() for _ in range(10)]

        confirmed, _ = at_once(act, 2)
        services.sweep_lapsed_holds()
        held.refresh_from_db()
        assert isinstance(confirmed, Booking | BookingExpired), confirmed
        expected = "CONFIRMED" if isinstance(confirmed, Booking) else "FAILED"
        assert held.status == expected
    assert_sold_once(show)
