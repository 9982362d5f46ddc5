"""Compares random calls of the booking services, single and two at once, with a plain model.

The model is `plain_model`: the rules of docs/spec.md §4.
"""

import copy
import os
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from django.contrib.sessions.backends.cache import SessionStore
from django.db import OperationalError, connection, connections
from django.db.models import F
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.guests.session import note_proof
from accounts.models import User
from bookings import services
from bookings.errors import BookingError, SeatsUnavailable, ShowBusy
from bookings.guests.claiming import claim
from bookings.guests.moving import Moved, move_holds
from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from bookmyshow.core.time import database_now
from shows.models import Seat, Show
from shows.screen_times import write_screen_times
from tests.support import plain_model
from tests.support.clocks import earlier
from tests.support.factories import make_guest, make_show, make_user
from tests.support.plain_model import Call, LogIn, PlainModel, PlainShow

PLAN = "A ssssss\nB sppppw"
STARTS_IN = (1_000_000, 400)
# Of the five people; the third is staff and has no limits, and the last two are guests.
ADDRESSES = ("near", "near", None, "near", "near")
GUESTS = frozenset({3, 4})
# Time moves in steps this long, and stands still between calls; so whether a hold has lapsed never
# depends on how fast the test runs.
STEP_SECONDS = 40
EXAMPLES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "30"))
STEPS = 40

# Few seats, so that people compete for them.
FREE_CHOICES = [
    *(("A1",), ("A2",), ("B1",), ("B2", "A2"), ("A1", "A2"), ("A2", "A3"), ("B1", "B2", "A3")),
    *(("A3", "A1"), ("B2",), ("A1", "A2", "A3", "B1", "B2")),
]
EVERY_SEAT = tuple(f"{row}{number}" for row in "AB" for number in range(1, 7))
IMPOSSIBLE = [(), ("A1", "A1"), ("A1", "Z9"), EVERY_SEAT]
VERBS = ["hold"] * 7 + ["confirm"] * 3 + ["release", "cancel", "cancel", "sweep"] + ["log in"] * 3
VERBS += ["claim"]
OF_BOOKING = {"confirm", "release", "cancel"}


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


calls = st.builds(
    Call,
    verb=one_of(*VERBS),
    user=one_of(0, 1, 2, *GUESTS),
    show=one_of(0, 0, 1),
    labels=one_of(*FREE_CHOICES * 3, *IMPOSSIBLE),
    key=one_of(None, None, None, "k1", "k2"),
    # Counted from the newest; looked up when the call is made.
    booking=one_of(0, 0, 1, 2, 3),
    guest=one_of(*GUESTS),
)
# Whether the caller is the owner of a booking that the call can change: for a hold, a person who
# holds seats at that show and so swaps them; otherwise the booking's owner.
aims = one_of(True, True, False)
# Steps of time before a call; a hold lasts three.
waits = one_of(0, 0, 0, 0, 1, 1, 2, 3)


class Interrupted(OperationalError):
    """A connection that breaks in the middle of a transaction."""


class BookingMachine(RuleBasedStateMachine):
    """Services and model get the same calls, and must have the same results and state."""

    people: list[User]
    shows: list[Show]
    threads: ThreadPoolExecutor

    @initialize()
    def begin(self) -> None:
        Seat.objects.update(booking=None)
        Booking.objects.all().delete()
        now = database_now()
        for show, starts_in in zip(self.shows, STARTS_IN, strict=True):
            starts_at = now + timedelta(seconds=starts_in)
            Show.objects.filter(pk=show.pk).update(
                available_seats=F("total_seats"),
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=2),
                busy_until=starts_at + timedelta(hours=2),
            )
        write_screen_times(show.pk for show in self.shows)
        premium = {"B2", "B3", "B4", "B5"}
        prices = {
            f"{r}{n}": 400 if f"{r}{n}" in premium else 250 for r in "AB" for n in range(1, 7)
        }
        self.model = PlainModel(
            [PlainShow(prices, starts_at=seconds) for seconds in STARTS_IN],
            list(ADDRESSES),
            GUESTS,
        )
        self.references: list[str] = []
        self.called_at = database_now()

    @rule(wait=waits, call=calls, owner=aims)
    def one_call(self, wait: int, call: Call, owner: bool) -> None:
        self.time_passes(wait)
        call = self.aim(call, owner)
        if call.verb in OF_BOOKING and not self.references:
            return
        actual = self.run(call)
        self.called_at = database_now()
        assert self.named(self.model, actual) == self.model.run(call), call

    @rule(wait=waits, first=calls, second=calls, owner=aims, other_owner=aims)
    def two_calls_at_once(
        self, wait: int, first: Call, second: Call, owner: bool, other_owner: bool
    ) -> None:
        """The results of two calls at the same time must be those of one of the two orders."""
        self.time_passes(wait)
        pair = (self.aim(first, owner), self.aim(second, other_owner))
        if not self.references and any(c.verb in OF_BOOKING for c in pair):
            return
        verbs = [call.verb for call in pair]
        if "claim" in verbs and set(verbs) <= {"claim", "sweep"}:
            # Both go from show to show, one transaction for each, and may meet in between.
            return
        actual = self.run_at_once(pair)
        self.called_at = database_now()
        for order in ((0, 1), (1, 0)):
            model = copy.deepcopy(self.model)
            expected: list[object] = [None, None]
            for place in order:
                expected[place] = model.run(pair[place])
            references = list(self.references)
            said = [self.named(model, actual[place]) for place in order]
            said = said if order == (0, 1) else said[::-1]
            if pair[0].verb == pair[1].verb == "sweep":
                # Two sweeps share the shows between them.
                said, expected = [sum(map(int_of, said))], [sum(map(int_of, expected))]
            if said == expected and self.agrees(model):
                self.model = model
                return
            self.references = references
        raise AssertionError(f"no order of {pair} explains {actual}")

    @rule(wait=waits, call=calls, owner=aims, statement=one_of(*range(1, 10)))
    def a_call_cut_off(self, wait: int, call: Call, owner: bool, statement: int) -> None:
        """A connection that breaks before any statement leaves nothing half done."""
        self.time_passes(wait)
        call = self.aim(call, owner)
        if call.verb in {"sweep", "claim"} or (call.verb != "hold" and not self.references):
            # A sweep and a claim are one transaction for each show.
            return
        count = 0

        def cut(execute: Callable[..., Any], *args: Any) -> Any:
            nonlocal count
            count += 1
            if count == statement:
                raise Interrupted
            return execute(*args)

        with connection.execute_wrapper(cut):
            try:
                actual = self.run(call)
            except Interrupted:
                return
        self.called_at = database_now()
        assert self.named(self.model, actual) == self.model.run(call), call

    def time_passes(self, steps: int) -> None:
        """Move all rows back by this time, less the real time since the last call."""
        now = database_now()
        passed = timedelta(seconds=steps * STEP_SECONDS) - (now - self.called_at)
        self.called_at = now
        for model, fields in (
            (Booking, ("created_at", "expires_at", "confirmed_at", "updated_at")),
            (Show, ("starts_at", "ends_at", "busy_until")),
        ):
            model._default_manager.update(**{field: earlier(field, passed) for field in fields})
        write_screen_times(show.pk for show in self.shows)
        self.model.now += steps * STEP_SECONDS

    @invariant()
    def no_invariant_is_broken(self) -> None:
        assert [f"{b.rule}: {b.where}" for b in find_breaches()] == []

    @invariant()
    def database_and_model_agree(self) -> None:
        assert self.agrees(self.model), (self.stored(), self.model)

    def aim(self, call: Call, owner: bool) -> Call:
        """The call, changed to refer to a booking that exists."""
        bookings = self.model.bookings
        if call.verb == "hold":
            bookings = [b for b in bookings if b.status == "PENDING" and b.show == call.show]
        if call.verb in {"log in", "claim"}:
            # Of an account, in the browser of a guest.
            return call._replace(user=call.user % 3)
        if call.verb == "sweep" or not bookings:
            return call
        chosen = bookings[max(len(bookings) - 1 - call.booking, 0)]
        return call._replace(booking=chosen.number, user=chosen.user if owner else call.user)

    def run(self, call: Call) -> object:
        user = self.people[call.user]
        try:
            if call.verb == "hold":
                return services.hold_seats(
                    user=user,
                    show_id=self.shows[call.show].pk,
                    labels=call.labels,
                    idempotency_key=call.key,
                    held_from=ADDRESSES[call.user] or "",
                )
            if call.verb == "sweep":
                return services.sweep_lapsed_holds()
            if call.verb == "log in":
                return move_holds(guest=self.people[call.guest], to=user)
            if call.verb == "claim":
                return claim(browser_with_link_of(self.people[call.guest]), user)
            verb = {
                "confirm": services.confirm_booking,
                "release": services.release_hold,
                "cancel": services.cancel_booking,
            }[call.verb]
            return verb(user=user, reference=self.references[call.booking])
        except (BookingError, ShowBusy) as refusal:
            return refusal

    def run_at_once(self, pair: tuple[Call, Call]) -> list[object]:
        gate = threading.Barrier(2)

        def work(call: Call) -> object:
            gate.wait(timeout=300)
            try:
                return self.run(call)
            except Exception as error:
                return error

        return list(self.threads.map(work, pair))

    def named(self, model: PlainModel, result: object) -> object:
        """The result in the model's form. A booking that is new gets the next number."""
        if isinstance(result, Booking):
            return self.number_of(result)
        if isinstance(result, Moved):
            return LogIn(
                tuple(self.number_of(booking) for booking in result.holds),
                tuple(self.number_of(booking) for booking in result.swapped),
                tuple(
                    (self.number_of(refused.hold), type(refused.why).__name__)
                    for refused in result.refused
                ),
            )
        if isinstance(result, SeatsUnavailable):
            return "SeatsUnavailable", tuple(result.labels)
        if isinstance(result, BookingError | ShowBusy):
            return type(result).__name__, ()
        return result

    def number_of(self, booking: Booking) -> int:
        if booking.reference not in self.references:
            self.references.append(booking.reference)
        return self.references.index(booking.reference)

    def agrees(self, model: PlainModel) -> bool:
        expected = {
            self.references[b.number] if b.number < len(self.references) else "": (
                self.people[b.user].pk,
                self.shows[b.show].pk,
                list(b.seats),
                list(b.prices),
                sum(b.prices),
                b.status,
                b.ended_reason,
                b.key,
                # To the nearest step: real time passes too.
                round((b.expires_at - model.now) / STEP_SECONDS),
            )
            for b in model.bookings
        }
        return expected == self.stored()

    def stored(self) -> dict[str, tuple[object, ...]]:
        now = database_now()
        return {
            b.reference: (
                b.user_id,
                b.show_id,
                b.seats,
                b.seat_prices,
                b.total_amount,
                b.status,
                b.ended_reason,
                b.idempotency_key,
                round((b.expires_at - now) / timedelta(seconds=STEP_SECONDS)),
            )
            for b in Booking.objects.all()
        }


def browser_with_link_of(guest: User) -> HttpRequest:
    """A request of a browser in which the guest's mailed link was opened."""
    request = RequestFactory().post("/")
    request.session = SessionStore()
    note_proof(request, guest)
    return request


def int_of(value: object) -> int:
    assert isinstance(value, int), value
    return value


def close_connections_of(threads: ThreadPoolExecutor) -> None:
    gate = threading.Barrier(2)

    def close(_: int) -> None:
        gate.wait(timeout=300)
        connections.close_all()

    list(threads.map(close, range(2)))
    threads.shutdown()


@pytest.fixture
def limits(settings: Any) -> None:
    settings.MAX_SEATS_PER_SHOW = plain_model.MOST_SEATS_AT_SHOW
    settings.MAX_HOLDS = plain_model.MOST_HOLDS
    settings.UNPAID_HOLD_TIME = timedelta(seconds=plain_model.UNPAID_SECONDS)
    settings.HOLD_PAUSE = timedelta(seconds=plain_model.PAUSE_SECONDS)
    settings.MAX_HELD_SEATS_PER_ADDRESS = plain_model.MOST_SEATS_OF_ADDRESS
    settings.MAX_GUEST_SEATS_PER_ADDRESS = plain_model.MOST_SEATS_OF_GUESTS
    settings.MAX_SEATS_UNCONFIRMED = plain_model.MOST_SEATS_UNCONFIRMED


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(3600)
def test_any_calls_in_any_order_do_what_the_plain_model_does(
    capsys: pytest.CaptureFixture[str], limits: None
) -> None:
    """STATE_MACHINE_SEED repeats a run that failed, and takes the time to shorten it."""
    given = os.environ.get("STATE_MACHINE_SEED")
    number = int(given) if given else random.SystemRandom().randrange(10**9)
    with capsys.disabled():
        print(f" STATE_MACHINE_SEED={number} ", end="", flush=True)
    BookingMachine.people = [
        make_guest() if number in GUESTS else make_user(is_staff=address is None)
        for number, address in enumerate(ADDRESSES)
    ]
    # Each show has its own screen, so that no example makes two shows overlap.
    BookingMachine.shows = [make_show(PLAN, starts_at=timezone.now()) for _ in STARTS_IN]
    # Two threads that keep their connections.
    BookingMachine.threads = ThreadPoolExecutor(2)
    try:
        run_state_machine_as_test(
            seed(number)(BookingMachine),
            settings=hypothesis_settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
                phases=[Phase.generate, Phase.shrink] if given else [Phase.generate],
            ),
        )
    finally:
        close_connections_of(BookingMachine.threads)
