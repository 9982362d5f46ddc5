"""An opening with its waiting room, played with real threads: people join, two leaders let them in,
visitors enter, hold and buy, some don't come, some try passes that are not theirs.

`shows/waiting_room/tests/test_opening.py` plays a small one, and `python -m bench.waiting_room` one
with 100,000 people.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import NamedTuple

from django.db import connections
from django.utils import timezone

from accounts.models import User
from bookings import services as bookings
from bookings.errors import ShowBusy
from bookings.models import Booking
from shows.models import Show
from shows.waiting_room import passes, services
from shows.waiting_room.admission import MOST_CREDIT
from shows.waiting_room.errors import OnSaleError, PassRequired
from shows.waiting_room.models import OnSale, Place
from tests.support.chi_square import Independence, independence
from tests.support.factories import hall, make_show, make_user
from tests.support.on_sale import make_sale

LEADERS = 2
TICK_SECONDS = 0.5
SEATS = 250
#: Of ten people who are called: how many buy, and how many only look. The others don't come.
BUY, LOOK = 7, 2
#: People who try their pass again after their turn.
MOST_TRIED_AGAIN = 200
#: Of a hang; 100,000 people join for a quarter of an hour on a busy machine.
PATIENCE_SECONDS = 3_600


@dataclass(frozen=True, kw_only=True)
class Size:
    #: People who join before the opening, and after it.
    early: int
    late: int
    rate: int
    cap: int
    #: How long people are let in.
    seconds: float
    joiners: int = 8
    visitors: int = 4
    mode: str = "LOTTERY"
    #: For the choices of visitors.
    seed: int = 14


@dataclass
class Opening:
    """An opening while it is played. Everything is checked afterwards, from the rows."""

    size: Size
    sale: OnSale
    shows: list[Show]
    people: list[User]
    foreign: str
    calls: list[int] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    #: The passes of people who bought.
    used: list[tuple[Place, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    join_seconds: float = 0.0

    @property
    def places(self) -> "list[Place]":
        return list(Place.objects.filter(on_sale=self.sale).order_by("number"))


class Figures(NamedTuple):
    joined: int
    joins_a_second: float
    called: int
    #: What the rate allows in the time of the admission, without pauses of the leaders that are
    #: longer than MOST_CREDIT.
    expected: float
    most_active: int
    bought: int
    refused: dict[str, int]
    draw: Independence | None


def prepare(size: Size) -> Opening:
    """People, shows with seats for all who will be called, and an on-sale of their film."""
    first = make_show(hall(SEATS // 25, 25))
    wanted = int(size.rate * size.seconds / 60 * 1.2) + 1
    more = (make_show(hall(SEATS // 25, 25), movie=first.movie) for _ in range(wanted // SEATS))
    shows = [first, *more]
    rows = (
        User(email=f"visitor{number}.{first.pk}@example.com", name="Asha Rao", password="!")
        for number in range(size.early + size.late)
    )
    people = User.objects.bulk_create(rows, batch_size=5_000)
    sale = make_sale(first.movie, mode=size.mode, rate=size.rate, active_cap=size.cap)
    other = make_sale(make_show(), mode="FIFO")
    stranger = make_user()
    foreign = passes.make(other.pk, stranger.pk, timezone.now() + timedelta(hours=1))
    return Opening(size, sale, shows, people, foreign)


def play(opening: Opening, *, until: Callable[[], bool] = lambda: True) -> None:
    """Everybody joins, the sale opens, and people are let in for the given time, and then until
    `until` is true.
    """
    size = opening.size
    started = time.perf_counter()
    join(opening, opening.people[: size.early])
    opening.join_seconds = time.perf_counter() - started
    OnSale.objects.filter(pk=opening.sale.pk).update(opens_at=timezone.now())
    with leading(opening), visiting(opening):
        join(opening, opening.people[size.early :])
        least = started + opening.join_seconds + size.seconds
        while time.perf_counter() < least or not until():
            assert time.perf_counter() < least + PATIENCE_SECONDS
            time.sleep(0.1)
    try_used_passes(opening)


def join(opening: Opening, people: list[User]) -> None:
    """These people join at the same time, on several threads."""
    numbers = count()

    def some() -> None:
        while (number := next(numbers)) < len(people):
            services.join(opening.sale.pk, people[number])

    _on_threads([some] * opening.size.joiners)


@contextmanager
def leading(opening: Opening) -> Iterator[None]:
    """While the block runs, LEADERS leaders try to let people in, in turns and at the same time."""
    done = threading.Event()

    def lead() -> None:
        while not done.wait(TICK_SECONDS * random.random()):
            opening.calls.append(services.admit_all())

    with _beside([lead] * LEADERS, done):
        yield


@contextmanager
def visiting(opening: Opening) -> Iterator[None]:
    """While the block runs, people who are called come to the site. Each comes once."""
    done = threading.Event()
    come: set[int] = set()
    lock = threading.Lock()
    seats = _seats(opening.shows)

    def visit() -> None:
        while not done.wait(0.05):
            called = Place.objects.filter(
                on_sale=opening.sale, called_at__isnull=False, done_at=None
            )
            for place in called.filter(entered_at=None).select_related("user")[:50]:
                with lock:
                    is_mine = place.pk not in come
                    come.add(place.pk)
                if is_mine:
                    _visit(opening, place, seats, random.Random(f"{opening.size.seed} {place.pk}"))

    with _beside([visit] * opening.size.visitors, done):
        yield


def _visit(
    opening: Opening, place: Place, seats: "Iterator[tuple[Show, str]]", choice: random.Random
) -> None:
    wish = choice.randrange(10)
    if wish >= BUY + LOOK:
        return
    try:
        own = services.enter(place)
    except OnSaleError as error:
        opening.refused[type(error).__name__] += 1
        return
    try_a_bad_pass(opening, place, own, choice)
    if wish < BUY:
        buy(opening, place, own, *next(seats))


def buy(opening: Opening, place: Place, own: str, show: Show, label: str) -> None:
    """Hold a seat with the pass, and confirm it. A note is made of what goes wrong."""
    person = place.user
    for _ in range(5):
        try:
            held = bookings.hold_seats(user=person, show_id=show.pk, labels=[label], passes=[own])
            bookings.confirm_booking(user=person, reference=held.reference)
        except ShowBusy:
            continue
        except PassRequired as error:
            # The time of the pass ended meanwhile.
            opening.refused[type(error).__name__] += 1
        else:
            opening.used.append((place, own))
        return


def try_used_passes(opening: Opening) -> None:
    """Who has bought and does not count any more tries to hold another seat with the same pass."""
    for place, own in opening.used[:MOST_TRIED_AGAIN]:
        place.refresh_from_db()
        if place.done_at:
            _must_be_refused(opening, "used", place.user, own)


def try_a_bad_pass(opening: Opening, place: Place, own: str, choice: random.Random) -> None:
    """Try to hold with a pass that is not good. If it is taken, that is a problem."""
    at = timezone.now()
    text, _, signature = own.rpartition(".")
    bad = {
        "none": "",
        "forged": f"{text}0.{signature}",
        "shared": passes.make(place.on_sale_id, place.user_id + 1, at + timedelta(hours=1)),
        "expired": passes.make(place.on_sale_id, place.user_id, at - timedelta(seconds=1)),
        "foreign": opening.foreign,
    }
    kind, given = choice.choice(list(bad.items()))
    _must_be_refused(opening, kind, place.user, given)


def _must_be_refused(opening: Opening, kind: str, person: User, given: str) -> None:
    show = opening.shows[-1]
    try:
        bookings.hold_seats(user=person, show_id=show.pk, labels=["R10-25"], passes=[given])
    except PassRequired:
        opening.refused[kind] += 1
    else:
        opening.problems.append(f"a pass was taken: {kind}")


def measure(opening: Opening) -> Figures:
    """Count from the rows. Raises AssertionError if a rule was broken."""
    assert opening.problems == []
    places, size = opening.places, opening.size
    sale = OnSale.objects.get(pk=opening.sale.pk)
    called = [place for place in places if place.called_at]
    assert len(places) == size.early + size.late, "a place was lost"
    assert sorted(p.number for p in places) == list(range(1, len(places) + 1))
    assert sum(opening.calls) == len(called), "somebody was called twice"
    assert sorted(p.turn or 0 for p in called) == list(range(1, len(called) + 1))
    assert sale.early == size.early, "the draw has others than those who came before"
    assert [p.turn == sale.turn_of(p.number) for p in called].count(False) == 0
    bought = Booking.objects.filter(show__on_sale=sale, status="CONFIRMED")
    allowed = {place.user_id for place in called}
    assert {booking.user_id for booking in bought} <= allowed, "somebody bought without a turn"
    assert sale.looked_at
    passed = (sale.looked_at - sale.opens_at).total_seconds() - _paused(sale, called)
    draw = None
    if sale.is_lottery and sale.early:
        pairs = [(p.number, sale.turn_of(p.number) or 0) for p in places if p.number <= sale.early]
        draw = independence(pairs, sale.early)
    return Figures(
        joined=len(places),
        joins_a_second=size.early / opening.join_seconds if opening.join_seconds else 0,
        called=len(called),
        expected=sale.rate * passed / 60,
        most_active=most_active(places),
        bought=len(bought),
        refused=dict(sorted(opening.refused.items())),
        draw=draw,
    )


def most_active(places: list[Place]) -> int:
    """The largest number of people who were let in at the same moment."""
    # An end and a call of the same run have the same time, and the end comes first.
    changes: list[tuple[datetime, int]] = [(p.called_at, 1) for p in places if p.called_at]
    changes += [(p.done_at, -1) for p in places if p.done_at]
    active = most = 0
    for _, change in sorted(changes):
        active += change
        most = max(most, active)
    return most


def _paused(sale: OnSale, called: list[Place]) -> float:
    """Seconds in which nobody was called, beyond those that are made good."""
    times = sorted({sale.opens_at, *(place.called_at for place in called if place.called_at)})
    gaps = (later - earlier for earlier, later in pairwise(times))
    return sum(max(0.0, (gap - MOST_CREDIT).total_seconds()) for gap in gaps)


def _seats(shows: list[Show]) -> "Iterator[tuple[Show, str]]":
    """Every seat once, but the last one of the last show; safe for several threads."""
    numbers = count()
    last = len(shows) * SEATS - 1
    while (number := next(numbers)) < last:
        place = number % SEATS
        yield shows[number // SEATS], f"R{place // 25 + 1}-{place % 25 + 1}"


@contextmanager
def _beside(works: list[Callable[[], None]], done: threading.Event) -> Iterator[None]:
    """Run these beside the block; `done` tells them to end. Their errors are raised."""
    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(_alone, work) for work in works]
        try:
            yield
        finally:
            done.set()
        for future in futures:
            future.result(PATIENCE_SECONDS)


def _on_threads(works: list[Callable[[], None]]) -> None:
    with _beside(works, threading.Event()):
        pass


def _alone(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connections.close_all()
