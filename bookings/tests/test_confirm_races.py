"""Confirmations at the moment when the hold lapses: in an order that a lock forces, and as
races."""

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
    """Confirm a hold that other transactions still see as lapsed, by moving its end in this one."""
    Booking.objects.filter(pk=held.pk).update(expires_at=database_now() + timedelta(hours=1))
    services.confirm_booking(user=held.user, reference=held.reference)


def lock_until_it_lapses(held: Booking) -> Callable[[], None]:
    """Lock a hold that has one second left. Returns a function that waits until it has lapsed."""
    held.expires_at = database_now() + timedelta(seconds=1)
    with_that_end = Booking.objects.filter(pk=held.pk)
    at_once(lambda _: with_that_end.update(expires_at=held.expires_at), 1)
    with_that_end.select_for_update(no_key=True).get()

    def until_it_ends() -> None:
        while database_now() <= held.expires_at:
            time.sleep(0.01)

    return until_it_ends


def test_a_confirmation_that_waits_for_its_lock_until_the_hold_ended_is_too_late(
    held: Booking,
) -> None:
    outcome = meeting(
        lambda: lock_until_it_lapses(held),
        lambda: services.confirm_booking(user=held.user, reference=held.reference),
    )
    assert isinstance(outcome, BookingExpired)
    held.refresh_from_db()
    assert held.status == Booking.Status.PENDING


def test_a_repeated_hold_that_waits_until_the_first_lapsed_makes_a_new_booking(
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


def test_a_take_over_of_a_lapsed_hold_waits_for_a_confirmation_in_time(
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


def test_a_sweep_after_the_end_leaves_a_confirmation_that_came_in_time(held: Booking) -> None:
    lapse(held)
    assert meeting(lambda: confirm_in_time(held), services.sweep_lapsed_holds) == 0
    held.refresh_from_db()
    assert held.status == Booking.Status.CONFIRMED
    assert_sold_once(held.show)


def test_confirm_racing_the_take_over_of_its_lapse_is_never_both_and_never_neither() -> None:
    show = make_show(hall(10, 20))
    late, next_buyer = make_user(), make_user()
    outcomes: Counter[str] = Counter()
    margin = 5.0
    for label in show.seats.values_list("label", flat=True)[:100]:
        held = services.hold_seats(user=late, show_id=show.pk, labels=[label])
        # The hold ends in a few milliseconds, during the calls below.
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
                    return services.confirm_booking(user=late, reference=held.reference)
                finally:
                    decided.set()
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
        # Adapt to the speed of this machine, so that both outcomes occur.
        margin *= 0.8 if winners[0] is confirmed else 1.3
        if winners[0] is taken:
            services.release_hold(user=next_buyer, reference=winners[0].reference)
    print(outcomes)
    assert len(outcomes) == 2, "the race was never close"
    assert_sold_once(show)


def test_confirm_racing_the_sweep_is_never_both_and_never_neither() -> None:
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
