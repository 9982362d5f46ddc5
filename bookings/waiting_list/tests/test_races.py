"""The waiting list with real threads and connections (docs/spec.md §20)."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

import pytest
from django.db import transaction

from accounts.models import User
from bookings import release_and_cancel, services
from bookings.errors import BookingError, BookingNotFound, SeatsUnavailable, ShowBusy
from bookings.locks import lock_show
from bookings.models import Booking
from bookings.waiting_list import services as waiting
from bookings.waiting_list.choosing import Party
from bookings.waiting_list.errors import WaitingRoomFirst
from bookings.waiting_list.models import Entry
from bookings.waiting_list.offers import offer_free_seats
from shows.models import Show
from shows.waiting_room import services as waiting_room
from tests.support.factories import hall, make_booking, make_guest, make_show, make_user
from tests.support.on_sale import open_sale
from tests.support.races import assert_sold_once, at_once, meeting
from tests.support.waiting_list import breaches, join, lapse_under_lock, offer_to, sell_out

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS, RETURNS = 20, 6


def seats_return_while_buyers_poll(show: Show) -> list[Booking]:
    """RETURNS tickets are cancelled while BUYERS try to hold each seat; returns what they got."""
    labels = [f"R1-{number}" for number in range(1, RETURNS + 1)]
    tickets = [make_booking(show, [label]) for label in labels]
    for _ in range(RETURNS):
        join(show)
    done = threading.Event()

    def act(number: int) -> object:
        if number == BUYERS:
            try:
                for ticket in tickets:
                    services.cancel_booking(user=ticket.user, reference=ticket.reference)
            finally:
                done.set()
            return None
        buyer = make_user()
        while not done.is_set():
            for label in labels:
                try:
                    return services.hold_seats(user=buyer, show_id=show.pk, labels=[label])
                except (SeatsUnavailable, ShowBusy):
                    continue
        return None

    results = at_once(act, BUYERS + 1)
    errors = [result for result in results if isinstance(result, Exception)]
    assert errors == []
    return [result for result in results if isinstance(result, Booking)]


def test_no_buyer_gets_a_returned_seat_before_the_line() -> None:
    show = make_show(hall(1, RETURNS))
    assert seats_return_while_buyers_poll(show) == []
    entries = list(Entry.objects.filter(show=show).order_by("pk"))
    assert [entry.state for entry in entries] == ["OFFERED"] * RETURNS
    moments = [entry.offered_at for entry in entries]
    assert moments == sorted(moments)  # type: ignore[type-var]
    assert_sold_once(show)


@contextmanager
def offers_after_the_commit() -> Iterator[None]:
    """For the control: the seats are offered in a transaction of their own."""

    def later(show: Show, now: Any) -> list[Booking]:
        def offer() -> None:
            with transaction.atomic():
                Show.objects.select_for_update(no_key=True).get(pk=show.pk)
                offer_free_seats(show, now)

        transaction.on_commit(offer)
        return []

    with mock.patch.object(release_and_cancel, "offer_free_seats", later):
        yield


def test_control_offers_made_after_the_commit_let_buyers_overtake() -> None:
    got: list[Booking] = []
    with offers_after_the_commit():
        for _ in range(20):  # One run is nearly always enough.
            got = seats_return_while_buyers_poll(make_show(hall(1, RETURNS)))
            if got:
                break
    assert got


def one_call(show: Show, user: User, chance: random.Random) -> None:
    """One random call of this person that is possible now."""
    own = Booking.objects.filter(user=user, show=show)
    hold, ticket = own.filter(status="PENDING").first(), own.filter(status="CONFIRMED").first()
    entry = Entry.objects.live().filter(user=user).first()
    party = Party(chance.randint(1, 3), chance.random() < 0.5, False)
    wanted = chance.sample([f"R{r}-{n}" for r in (1, 2) for n in range(1, 7)], chance.randint(1, 4))
    calls: list[Callable[[], object]] = [
        services.sweep_lapsed_holds,
        waiting.tend_lists,
        *[lambda: waiting.join(user=user, show_id=show.pk, party=party)] * 3,
        *[lambda: services.hold_seats(user=user, show_id=show.pk, labels=wanted)] * 3,
    ]
    if hold:
        reference = hold.reference
        calls += [
            lambda: services.confirm_booking(user=user, reference=reference),
            lambda: services.release_hold(user=user, reference=reference),
            lambda: lapse_under_lock(hold),
        ]
    if entry:
        calls.append(lambda: waiting.leave(user=user, entry_id=entry.pk))
    if ticket:
        calls.append(lambda: services.cancel_booking(user=user, reference=ticket.reference))
    chance.choice(calls)()


def test_random_calls_at_once_never_deadlock_and_keep_every_invariant() -> None:
    show = make_show(hall(2, 6))
    # Confirmations of people without a confirmed email lock the person too.
    people = [make_user() for _ in range(14)]
    number_of_run = random.randrange(10_000)
    print(f"seed {number_of_run}")

    def act(number: int) -> object:
        chance = random.Random(number_of_run * 100 + number)
        for _ in range(25):
            with suppress(BookingError, ShowBusy):
                one_call(show, people[number], chance)
        return None

    results = at_once(act, len(people))
    assert [result for result in results if result is not None] == []
    assert Entry.objects.filter(offered_at__isnull=False).exists()
    # Who was left out because a row was locked at that moment is found now.
    services.sweep_lapsed_holds()
    waiting.tend_lists()
    assert_sold_once(show)


def test_a_place_that_moves_to_an_account_meanwhile_is_not_left_by_the_guest() -> None:
    show = make_show(hall(1, 1))
    sell_out(show)
    guest, account = make_guest(), make_user()
    place = join(show, user=guest)

    def move() -> None:
        lock_show(show.pk)
        Entry.objects.filter(pk=place.pk).update(user=account)

    outcome = meeting(move, lambda: waiting.leave(user=guest, entry_id=place.pk))
    assert isinstance(outcome, BookingNotFound), repr(outcome)
    place.refresh_from_db()
    assert (place.user, place.state) == (account, Entry.State.WAITING)


def test_an_offer_is_not_made_to_somebody_who_leaves_at_the_same_time() -> None:
    show = make_show(hall(1, 1))
    sold = sell_out(show)
    first, second = join(show), join(show)

    def leaves() -> None:
        waiting.leave(user=first.user, entry_id=first.pk)

    def returns() -> object:
        return services.cancel_booking(user=sold.user, reference=sold.reference)

    assert isinstance(meeting(leaves, returns), Booking)
    assert offer_to(second).is_offer
    assert breaches() == []


def test_a_person_who_joins_while_a_seat_returns_does_not_miss_it() -> None:
    show = make_show(hall(1, 1))
    sold = sell_out(show)
    person = make_user()

    def joins() -> None:
        join(show, user=person)

    def returns() -> object:
        return services.cancel_booking(user=sold.user, reference=sold.reference)

    assert isinstance(meeting(joins, returns), Booking)
    assert offer_to(Entry.objects.get(user=person)).is_offer
    assert breaches() == []


def test_a_confirmation_that_is_under_way_is_not_waited_for() -> None:
    """Lapsed holds are ended before an offer. One that is locked is left to the next sweep."""
    show = make_show(hall(1, 2))
    sold = make_booking(show, ["R1-1"])
    slow = services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-2"])
    entry = join(show, seats=1)
    lapse_under_lock(slow)
    gone = threading.Event()

    def act(number: int) -> object:
        if number == 0:
            with transaction.atomic():
                Booking.objects.select_for_update().get(pk=slow.pk)
                gone.set()
                assert ended.wait(300)
            return None
        assert gone.wait(300)
        try:
            return services.cancel_booking(user=sold.user, reference=sold.reference)
        finally:
            ended.set()

    ended = threading.Event()
    slow_one, outcome = at_once(act, 2)
    # A server that ends an idle transaction would let a waiting cancellation go on.
    assert slow_one is None
    assert isinstance(outcome, Booking)
    assert offer_to(entry).seats == ["R1-1"]


def test_a_join_that_waits_for_the_show_sees_who_came_to_the_waiting_room_meanwhile() -> None:
    show = make_show(hall(1, 1))
    sell_out(show)
    sale, first, second = open_sale(show), make_user(), make_user()

    def come_to_the_room() -> None:
        lock_show(show.pk)
        waiting_room.join(sale.pk, first)

    outcome = meeting(come_to_the_room, lambda: join(show, user=second))
    assert isinstance(outcome, WaitingRoomFirst), outcome
