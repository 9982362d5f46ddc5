"""Races with real threads and connections, and controls that fail without the lock."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import DataError, connections, transaction
from django.utils import timezone

from accounts.models import User
from bookings import holds, holds_sql, locks, services
from bookings.errors import (
    BookingError,
    BookingExpired,
    IdempotencyKeyReused,
    SeatsUnavailable,
    ShowBusy,
)
from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from bookmyshow.core.db.prepared import statement
from bookmyshow.core.time import database_now
from shows.models import Seat, Show
from tests.support.factories import hall, lapse, make_show, make_user
from tests.support.races import (
    assert_sold_once,
    at_once,
    elsewhere,
    short_waits,
    wait_for_waiting,
)

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS = 200


@contextmanager
def without_the_lock() -> Iterator[None]:
    """For controls: the show and bookings are read without locks."""
    with (
        mock.patch.object(
            locks, "lock_show_sql", return_value=statement(Show.objects.filter(pk=0))
        ),
        mock.patch.object(
            holds, "lock_bookings", lambda q: list(Booking.objects.filter(q).order_by("pk"))
        ),
    ):
        yield


def unexpected(results: list[object]) -> list[object]:
    """The exceptions that are not refusals by a booking rule."""
    refusals = BookingError | ShowBusy
    return [r for r in results if isinstance(r, Exception) and not isinstance(r, refusals)]


def storm(show: Show, buyers: list[User], seed: int) -> list[object]:
    """All buyers hold 1 to 4 random seats at the same time; some confirm, some release.

    Sweeps run too, and a third of the holds is moved past its end, so that others take the seats.
    """
    labels = list(show.seats.values_list("label", flat=True))

    def buy(number: int) -> object:
        chance = random.Random(seed * 1_000 + number)
        if number % 10 == 0:
            return [services.sweep_lapsed_holds() for _ in range(4)]
        outcome: object = None
        for _ in range(3):
            wanted = chance.sample(labels, chance.randint(1, 4))
            try:
                held = services.hold_seats(user=buyers[number], show_id=show.pk, labels=wanted)
                step = chance.random()
                if step < 0.3:
                    lapse_if_pending(held)
                elif step < 0.8:
                    services.confirm_booking(user=buyers[number], reference=held.reference)
                else:
                    services.release_hold(user=buyers[number], reference=held.reference)
                outcome = held
            except (SeatsUnavailable, BookingExpired, ShowBusy):
                continue
        return outcome

    return at_once(buy, len(buyers))


def lapse_if_pending(booking: Booking) -> None:
    """Move the hold's end into the past, with locks in the usual order."""
    with transaction.atomic():
        Show.objects.select_for_update(no_key=True).get(pk=booking.show_id)
        Booking.objects.filter(pk=booking.pk, status=Booking.Status.PENDING).update(
            created_at=timezone.now() - timedelta(hours=1), expires_at=timezone.now()
        )


def test_two_hundred_buyers_never_get_one_seat_twice() -> None:
    show = make_show(hall(6, 20))
    buyers = [make_user() for _ in range(BUYERS)]
    seed = random.randrange(10_000)
    print(f"seed {seed}")
    results = storm(show, buyers, seed)
    assert unexpected(results) == []
    assert_sold_once(show)
    assert Booking.objects.filter(show=show, status="CONFIRMED").exists()
    assert Booking.objects.filter(show=show, ended_reason="lapsed").exists()


def test_control_without_the_lock_buyers_break_the_invariants() -> None:
    broken = False
    for seed in range(10):  # One run is nearly always enough.
        show = make_show(hall(2, 10))
        buyers = [make_user() for _ in range(40)]
        with without_the_lock():
            results = storm(show, buyers, seed)
        broken = broken or bool(unexpected(results) or list(find_breaches()))
        if broken:
            break
    assert broken


def test_of_many_buyers_of_one_seat_one_wins_and_the_rest_are_told() -> None:
    show = make_show()
    buyers = [make_user() for _ in range(50)]
    results = at_once(
        lambda n: services.hold_seats(user=buyers[n], show_id=show.pk, labels=["A1"]), 50
    )
    kinds = Counter(type(result) for result in results)
    assert kinds == {Booking: 1, SeatsUnavailable: 49}
    assert_sold_once(show)


def test_control_without_the_lock_many_buyers_of_one_seat_collide() -> None:
    show = make_show()
    buyers = [make_user() for _ in range(12)]
    kept = threading.Event()

    def hold(number: int) -> Booking:
        kept.wait(300)
        return services.hold_seats(user=buyers[number], show_id=show.pk, labels=["A1"])

    def keep_the_seat_until_all_have_seen_it_free() -> None:
        with transaction.atomic():
            Seat.objects.select_for_update().get(show=show, label="A1")
            kept.set()
            wait_for_waiting(len(buyers))

    with without_the_lock():
        results = at_once(
            lambda n: hold(n) if n < 12 else keep_the_seat_until_all_have_seen_it_free(), 13
        )
    # Without the lock the check in the statement stops a second sale, with a DataError.
    assert Counter(type(r) for r in results[:12]) == {Booking: 1, DataError: 11}


def test_the_same_form_posted_many_times_at_once_makes_one_booking() -> None:
    show, user = make_show(), make_user()
    results = at_once(
        lambda n: services.hold_seats(
            user=user, show_id=show.pk, labels=["A1", "A2"], idempotency_key="form-1"
        ),
        20,
    )
    assert unexpected(results) == []
    assert len({r.pk for r in results if isinstance(r, Booking)}) == 1
    assert Booking.objects.count() == 1
    assert_sold_once(show)


def test_the_same_seats_without_a_key_make_one_booking_too() -> None:
    show, user = make_show(), make_user()
    results = at_once(
        lambda n: services.hold_seats(user=user, show_id=show.pk, labels=["A1", "A2"]), 20
    )
    assert unexpected(results) == []
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("is_staff", [False, True])
def test_one_key_at_two_shows_at_once_makes_one_booking_and_one_refusal(is_staff: bool) -> None:
    user = make_user(is_staff=is_staff)
    shows = [make_show(), make_show()]
    for _ in range(10):
        Seat.objects.update(booking=None)
        Booking.objects.all().delete()
        Show.objects.update(available_seats=50)
        results = at_once(
            lambda n: services.hold_seats(
                user=user, show_id=shows[n].pk, labels=["A1"], idempotency_key="k"
            ),
            2,
        )
        codes = sorted(getattr(r, "code", "booked") for r in results)
        assert codes == ["IDEMPOTENCY_KEY_REUSED", "booked"]


def test_a_key_can_not_be_used_at_another_show_in_the_middle_of_a_swap() -> None:
    """The person's lock keeps the key, which the show's lock does not protect."""
    user, show, other = make_user(), make_show(), make_show()
    services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    look = holds_sql.seats_to_hold
    others: list[Future[object]] = []

    def look_while_another_comes(*args: Any, **kwargs: Any) -> Any:
        seen = look(*args, **kwargs)
        if not others:
            others.append(
                elsewhere(
                    lambda: services.hold_seats(
                        user=user, show_id=other.pk, labels=["A1"], idempotency_key="k"
                    )
                )
            )
            wait_for_waiting(1, others[0].done)
        return seen

    with mock.patch.object(holds, "seats_to_hold", look_while_another_comes):
        swapped = services.hold_seats(
            user=user, show_id=show.pk, labels=["A2"], idempotency_key="k"
        )
        refused = others[0].result(timeout=120)
    assert isinstance(refused, IdempotencyKeyReused)
    assert swapped.seats == ["A2"]
    assert list(find_breaches()) == []


def test_sweeps_run_many_at_once_and_release_each_hold_once() -> None:
    shows = [make_show() for _ in range(5)]
    for show in shows:
        for label in ("A1", "A2", "A3"):
            lapse(services.hold_seats(user=make_user(), show_id=show.pk, labels=[label]))
    results = at_once(lambda n: services.sweep_lapsed_holds(), 8)
    assert unexpected(results) == []
    assert sum(r for r in results if isinstance(r, int)) == 15
    for show in shows:
        assert_sold_once(show)


def test_a_wait_for_the_lock_that_runs_out_says_try_again_and_changes_nothing() -> None:
    show, user = make_show(), make_user()
    locked, done = threading.Event(), threading.Event()

    def keep_it_locked() -> None:
        with transaction.atomic():
            Show.objects.select_for_update(no_key=True).get(pk=show.pk)
            locked.set()
            done.wait(300)
        connections.close_all()

    holder = threading.Thread(target=keep_it_locked)
    holder.start()
    try:
        assert locked.wait(60)
        with short_waits():
            with pytest.raises(ShowBusy, match="try again"):
                services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
            assert services.sweep_lapsed_holds() == 0
    finally:
        done.set()
        holder.join()
    assert Booking.objects.count() == 0
    assert services.hold_seats(user=user, show_id=show.pk, labels=["A1"]).status == "PENDING"


def test_a_sweep_skips_a_locked_show_frees_the_others_and_returns_to_it() -> None:
    busy, quiet = make_show(), make_show()
    for show in (busy, quiet):
        lapse(services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"]))
    locked = threading.Event()
    swept_meanwhile = []

    def keep_it_locked_until_the_other_is_swept() -> None:
        ends = time.monotonic() + 60
        with transaction.atomic():
            Show.objects.select_for_update(no_key=True).get(pk=busy.pk)
            locked.set()
            while Show.objects.get(pk=quiet.pk).available_seats < 50 and time.monotonic() < ends:
                time.sleep(0.01)
            swept_meanwhile.append(Show.objects.get(pk=quiet.pk).available_seats == 50)
        connections.close_all()

    holder = threading.Thread(target=keep_it_locked_until_the_other_is_swept)
    holder.start()
    assert locked.wait(60)
    assert services.sweep_lapsed_holds() == 2
    holder.join()
    assert swept_meanwhile == [True]
    assert_sold_once(busy)
    assert_sold_once(quiet)


def test_a_lapsed_hold_goes_to_the_next_buyer_the_moment_it_lapses() -> None:
    show, next_buyer = make_show(), make_user()
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    with pytest.raises(SeatsUnavailable):
        services.hold_seats(user=next_buyer, show_id=show.pk, labels=["A1"])
    ends = database_now() + timedelta(milliseconds=400)
    Booking.objects.filter(pk=held.pk).update(expires_at=ends)
    taken = None
    while taken is None:
        asked = database_now()
        try:
            taken = services.hold_seats(user=next_buyer, show_id=show.pk, labels=["A1"])
        except SeatsUnavailable:
            assert asked < ends, "who asks after the lapse is not refused"
    assert taken.created_at >= ends
    held.refresh_from_db()
    assert (held.status, held.ended_reason) == (Booking.Status.FAILED, "lapsed")
