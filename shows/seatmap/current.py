"""The shared seat map of a show and its version, drawn once for all viewers.

The cache has two kinds of entry. Both may be lost at any time:

- The pointer: the current version. It expires after POINTER_SECONDS at most, and earlier if a
  hold lapses or the show starts before that. After each commit that changes the show or its seats,
  `forget` deletes it. A poll without a change reads only the pointer, so it costs the same in any
  hall.
- The drawn map of each version. The version is a hash of everything in the drawing, so an entry is
  never out of date.

If the pointer is missing, one worker reads the seats; the others wait for WAIT_SECONDS at most. If
the cache server is down, each request reads the seats. The map is the same for every viewer;
`markup.personalise` adds the viewer's own seats.
"""

import functools
import hashlib
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Case, CharField, DurationField, ExpressionWrapper, F, Value, When
from django.db.models.functions import Now

from bookmyshow.core.cache import OwnedLock, group_key
from bookmyshow.core.db.prepared import prepared_cursor
from bookmyshow.core.redis_clients import cache_client
from shows.booking_fee import ShownPrices, shown_prices
from shows.models import Seat, Show, lapsed_hold

from . import markup as drawing
from .markup import FREE, HELD, SOLD, MapSeat

POINTER_SECONDS = 5.0
DRAWING_SECONDS = 5 * 60
#: How long others wait for the worker that reads the seats, and the pause between two checks.
WAIT_SECONDS = 1.0
RETRY_SECONDS = 0.02
#: After this time the lock of a worker that died is free again.
LOCK_SECONDS = 5.0
#: The prefix of a version at which polls end: the show has begun or is cancelled.
FINAL = "final-"
#: Stands for the id of a show in a statement that is made once.
ANY_SHOW = -1


@dataclass(frozen=True, slots=True)
class SeatMap:
    """A drawn map and its version. It is final once the show has begun or is cancelled."""

    version: str
    html: str

    @property
    def is_final(self) -> bool:
        return is_final(self.version)


@dataclass(frozen=True, slots=True)
class Reading:
    """A show's seats at one moment, and how long they may be cached (`good_for`)."""

    seats: list[MapSeat]
    prices: ShownPrices
    closed: str
    good_for: timedelta

    @property
    def version(self) -> str:
        """A hash of everything that the drawing depends on."""
        content = (
            drawing.REVISION,
            self.seats,
            self.prices,
            self.closed,
        )
        digest = hashlib.blake2s(repr(content).encode(), digest_size=10).hexdigest()
        return f"{FINAL if self.closed else ''}{digest}"

    def draw(self) -> str:
        """The HTML of the map, the same for all viewers."""
        return drawing.draw_map(
            self.seats,
            version=self.version,
            prices=self.prices,
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


#: Cache group of the API's lists of shows. A change of any seat of any show drops it.
LISTS = "shows"


def group(show_id: int) -> str:
    """Cache group of a show's details (`show_cache`)."""
    return f"show:{show_id}"


#: Messages on this channel are ids of shows that have changed (`bookmyshow.serving.live`). The
#: number of the database keeps sites apart that share a server.
CHANNEL = "bms:seatmap:{database}"


def changes_channel() -> str:
    """The channel of this site's cache server on which `forget` names a changed show."""
    options = cache_client().connection_pool.connection_kwargs
    return CHANNEL.format(database=options.get("db") or 0)


def forget(show_id: int) -> None:
    """Drop the pointer, the show's cached details and the API's lists of shows; tell the streams.

    The next request reads the seats. The lock is dropped too: a worker that reads the seats now may
    have read the old state, and without the lock it does not set the pointer. The same trip to the
    cache server tells the processes that push seat maps. They read the seats every few seconds as
    well, so a message that is lost delays a map, no more.
    """
    keys = [pointer_key(show_id), lock_key(show_id), group_key(group(show_id)), group_key(LISTS)]
    cache.delete_many_and_publish(keys, changes_channel(), str(show_id))  # type: ignore[attr-defined]


def current_version(show_id: int) -> str | None:
    """The current version if it is cached, else None. One read of the cache, no query."""
    return cache.get(pointer_key(show_id))


def current_map(show_id: int) -> SeatMap:
    """The current map, from the cache or newly read. Raises Show.DoesNotExist."""
    deadline = time.monotonic() + WAIT_SECONDS
    lock = OwnedLock(lock_key(show_id), LOCK_SECONDS)
    while time.monotonic() < deadline:
        if kept := _cached_map(show_id):
            return kept
        locked = lock.take()
        if locked or lock.is_free():
            # This worker has the lock, or nobody has it. Its last owner may have stored the map
            # since the check above. If not, a commit dropped the pointer and the lock, or the cache
            # server is down: read the seats, even without the lock.
            if kept := _cached_map(show_id):
                lock.give_back()
                return kept
            try:
                return _read_and_cache(show_id, lock if locked else None)
            except Exception:
                # Waiting workers go on at once. Show.DoesNotExist comes here too.
                lock.give_back()
                raise
        time.sleep(RETRY_SECONDS)
    return _read_and_cache(show_id, None)


def read(show_id: int) -> Reading:
    """Read the seats from the database, by its clock. Raises Show.DoesNotExist."""
    show = Show.objects.with_place().annotate(now=Now()).get(pk=show_id)
    sql, values = _seats_statement()
    with prepared_cursor() as cursor:
        cursor.execute(sql, [show_id if value == ANY_SHOW else value for value in values])
        rows = cursor.fetchall()
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
    return Reading(seats, shown_prices(show), closed, good_for)


@functools.cache
def _seats_statement() -> tuple[str, tuple[Any, ...]]:
    """The SQL of a show's seats with their states, and its values; ANY_SHOW is the show's id.

    It is made once and prepared, because making it took as long as reading a hall of 500 seats.
    """
    rows = (
        Seat.objects.filter(show_id=ANY_SHOW)
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
    sql, values = rows.query.sql_with_params()
    return str(sql), values


def _closed(show: Show, now: datetime) -> str:
    if show.is_cancelled:
        return "This show was cancelled."
    return (
        "This show has begun; its seats can’t be booked any more." if show.has_started(now) else ""
    )


def _cached_map(show_id: int) -> SeatMap | None:
    version = current_version(show_id)
    html = cache.get(drawing_key(show_id, version)) if version else None
    return SeatMap(version, html) if version and html else None


def _read_and_cache(show_id: int, lock: OwnedLock | None) -> SeatMap:
    """Read the seats, draw them unless this version is cached, and set the pointer.

    Only the owner of the lock sets the pointer.
    """
    started = time.monotonic()
    reading = read(show_id)
    key = drawing_key(show_id, reading.version)
    html = cache.get(key)
    if html is None:
        html = reading.draw()
        cache.set(key, html, DRAWING_SECONDS)
    if lock and lock.is_mine():
        # `good_for` counts from `started`, when the seats were read.
        age = time.monotonic() - started
        # Random, so that the pointers of many shows don't expire at the same moment.
        seconds = reading.good_for.total_seconds() * random.uniform(0.7, 1)
        cache.set(pointer_key(show_id), reading.version, seconds - age)
        lock.give_back()
    return SeatMap(reading.version, html)
