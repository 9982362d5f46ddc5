"""The shared seat map of a show: what it shows now, under a version, made once for all who watch.

Two kinds of entry in the cache, both expendable:

- the pointer: the version that is current. It lives POINTER_SECONDS at most, never past the next
  lapse of a hold or the start of the show, and a commit drops it (`forget`). An unchanged poll is
  one read of it, whatever the size of the hall.
- the drawn map, by version. A version is a hash of everything the drawing shows, so an entry can
  never be wrong, only unused.

When the pointer is gone, one worker reads the seats while the others wait a bounded time. With the
cache server down everyone reads for themselves. The map knows no viewer; `drawing.lay_over` puts a
viewer's own seats on top of it.
"""

import hashlib
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.cache import cache
from django.db.models import Case, CharField, DurationField, ExpressionWrapper, F, Value, When
from django.db.models.functions import Now

from bookmyshow.core.cache import OwnedLock, group_key
from shows.models import Seat, Show, lapsed_hold

from . import markup as drawing
from .markup import FREE, HELD, SOLD, MapSeat

POINTER_SECONDS = 5.0
DRAWING_SECONDS = 5 * 60
#: How long others wait for the worker that reads the seats, and how often they look.
WAIT_SECONDS = 1.0
LOOK_SECONDS = 0.02
LOCK_SECONDS = 5.0
FINAL = "final-"


@dataclass(frozen=True, slots=True)
class SeatMap:
    """A drawn map and its version; a final one never changes again, its show began or is off."""

    version: str
    html: str

    @property
    def is_final(self) -> bool:
        return is_final(self.version)


@dataclass(frozen=True, slots=True)
class Reading:
    """A show's seats as they were at one moment, and for how long that can be believed."""

    seats: list[MapSeat]
    standard_price: Decimal
    premium_price: Decimal
    closed: str
    good_for: timedelta

    @property
    def version(self) -> str:
        """A hash of all that the drawing depends on."""
        content = (
            drawing.REVISION,
            self.seats,
            self.standard_price,
            self.premium_price,
            self.closed,
        )
        digest = hashlib.blake2s(repr(content).encode(), digest_size=10).hexdigest()
        return f"{FINAL if self.closed else ''}{digest}"

    def draw(self) -> str:
        return drawing.draw_map(
            self.seats,
            version=self.version,
            standard_price=self.standard_price,
            premium_price=self.premium_price,
            closed=self.closed,
        )


def is_final(version: str) -> bool:
    return version.startswith(FINAL)


def pointer_key(show_id: int) -> str:
    return f"seatmap:{show_id}:current"


def lock_key(show_id: int) -> str:
    return f"seatmap:{show_id}:reading"


def drawing_key(show_id: int, version: str) -> str:
    return f"seatmap:{show_id}:{version}"


#: The name under which lists of shows are kept (`api`); a seat of any show changes them.
LISTS = "shows"


def group(show_id: int) -> str:
    """The name under which the rest of what pages tell of a show is kept (`details`)."""
    return f"show:{show_id}"


def forget(show_id: int) -> None:
    """Drop the pointer to the current version; the next reader looks at the seats again.

    A worker that is reading them loses its lock too: it may have read what was there before.
    """
    groups = [group_key(group(show_id)), group_key(LISTS)]
    cache.delete_many([pointer_key(show_id), lock_key(show_id), *groups])


def current_version(show_id: int) -> str | None:
    """The version that is current, if the cache knows: one read, no query."""
    return cache.get(pointer_key(show_id))


def current_map(show_id: int) -> SeatMap:
    """The map as it is now. Raises Show.DoesNotExist."""
    deadline = time.monotonic() + WAIT_SECONDS
    lock = OwnedLock(lock_key(show_id), LOCK_SECONDS)
    while time.monotonic() < deadline:
        if kept := _kept(show_id):
            return kept
        locked = lock.take()
        if locked or lock.is_free():
            # Whoever had the lock may have given it back since the look, with the map there. Else
            # a commit dropped both, or the cache server is down: read, without a lock if need be.
            if kept := _kept(show_id):
                lock.give_back()
                return kept
            try:
                return _read_and_keep(show_id, lock if locked else None)
            except Exception:
                # Nobody need wait for a reading that failed, or for a show that there isn't.
                lock.give_back()
                raise
        time.sleep(LOOK_SECONDS)
    return _read_and_keep(show_id, None)


def read(show_id: int) -> Reading:
    """Read the seats from the database, by its clock. Raises Show.DoesNotExist."""
    show = Show.objects.annotate(now=Now()).get(pk=show_id)
    rows = (
        Seat.objects.filter(show_id=show_id)
        .annotate(
            state=Case(
                When(booking=None, then=Value(FREE)),
                When(lapsed_hold(Now(), "booking__"), then=Value(FREE)),
                When(booking__status="PENDING", then=Value(HELD)),
                default=Value(SOLD),
                output_field=CharField(),
            ),
            lapses_in=ExpressionWrapper(
                F("booking__expires_at") - Now(), output_field=DurationField()
            ),
        )
        .in_plan_order()
        .values_list(*MapSeat._fields, "lapses_in")
    )
    seats = []
    good_for = timedelta(seconds=POINTER_SECONDS)
    for *fields, lapses_in in rows:
        seat = MapSeat(*fields)
        seats.append(seat)
        if seat.state == HELD:
            good_for = min(good_for, lapses_in)
    closed = _closed(show, show.now)
    if not closed:
        good_for = min(good_for, show.starts_at - show.now)
    return Reading(seats, show.standard_price, show.premium_price, closed, good_for)


def _closed(show: Show, now: datetime) -> str:
    if show.is_cancelled:
        return "This show was cancelled."
    return (
        "This show has begun; its seats can’t be booked any more." if show.has_started(now) else ""
    )


def _kept(show_id: int) -> SeatMap | None:
    version = current_version(show_id)
    html = cache.get(drawing_key(show_id, version)) if version else None
    return SeatMap(version, html) if version and html else None


def _read_and_keep(show_id: int, lock: OwnedLock | None) -> SeatMap:
    """Read the seats, draw them unless this version was drawn before, and tell the others."""
    started = time.monotonic()
    reading = read(show_id)
    key = drawing_key(show_id, reading.version)
    html = cache.get(key)
    if html is None:
        html = reading.draw()
        cache.set(key, html, DRAWING_SECONDS)
    if lock and lock.is_mine():
        # The reading was true when it began, so its age counts against it.
        age = time.monotonic() - started
        # Shows that were first looked at together are not all read again at one moment.
        seconds = reading.good_for.total_seconds() * random.uniform(0.7, 1)
        cache.set(pointer_key(show_id), reading.version, seconds - age)
        lock.give_back()
    return SeatMap(reading.version, html)
