"""Reads that may be a moment old, from a copy of the database (docs/decisions/0027-replicas.md).

Film lists, the dashboard, reports and exports may use the replica of DATABASE_REPLICA_URL. Seats,
holds, bookings, money and log-ins never do. The replica is used only if it has replayed what the
browser itself has written (bookmyshow.core.db.own_writes), and if it is not far behind. If it is
away or behind, the primary is read instead.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model
from django.http import HttpRequest

from bookmyshow.core.observability import metrics

from .failures import AWAY

log = logging.getLogger(__name__)
T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)

REPLICA = "replica"
#: A replica that is further behind is not used.
MOST_SECONDS_BEHIND = 10.0
#: How long the last look at the replica counts. A look is a short statement at both servers.
LOOK_AGAIN_SECONDS = 1.0
#: After an error of the replica it is not used for this long.
AWAY_SECONDS = 5.0
#: A read that must be complete asks the replica this often, with a pause between two looks. It is
#: usually some milliseconds behind.
LOOKS, PAUSE_SECONDS = 5, 0.01
#: The apps whose rows may be read from the replica through the ORM, without the models of SEATS.
#: Bookings, money and accounts always come from the primary, also on a page that uses the replica.
CATALOGUE, SEATS = frozenset({"movies", "shows"}), frozenset({"shows.seat"})

# Positions in the write-ahead log are numbers of bytes.
WRITTEN = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"
REPLAYED = """
    SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_insert_lsn() END - '0/0')::bigint
"""

#: A position after all real ones: no replica has replayed it, so none is used.
UNKNOWN = 2**63 - 1

_alias: ContextVar[str] = ContextVar("alias of reads", default=DEFAULT_DB_ALIAS)


class Router:
    """Django's database router.

    Inside `read`, reads of the catalogue go to the server that `read` chose. All other statements
    go to the primary.
    """

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        names = model._meta
        may_be_old = names.app_label in CATALOGUE and names.label_lower not in SEATS
        return _alias.get() if may_be_old else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **_hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **_hints: Any) -> bool:
        return True

    def allow_migrate(self, alias: str, app_label: str, **_hints: Any) -> bool:
        return alias != REPLICA


class Look(NamedTuple):
    """What a look at both servers found: positions in the log of the primary."""

    written: int
    replayed: int


class _Knowledge:
    """What this process knows about the replica."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.replayed = 0
        #: When the primary was at the position that the replica has replayed (time.monotonic).
        #: None: not known.
        self._as_of: float | None = None
        self._written: deque[tuple[float, int]] = deque(maxlen=60)
        self._looked_at = self._away_until = float("-inf")

    def is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def may_look(self) -> bool:
        """Whether what is known is too old. True for one caller at a time."""
        with self._lock:
            now = time.monotonic()
            if now < self._looked_at + LOOK_AGAIN_SECONDS:
                return False
            self._looked_at = now
            return True

    def learn(self, at: float, look: Look) -> None:
        with self._lock:
            self.replayed = look.replayed
            self._written.append((at, look.written))
            seen = [moment for moment, written in self._written if written <= look.replayed]
            self._as_of = max(seen, default=self._as_of)

    def leave(self, error: Exception) -> None:
        log.warning("the replica is not used for %.0f s: %s", AWAY_SECONDS, error)
        self._away_until = time.monotonic() + AWAY_SECONDS

    def is_near(self) -> bool:
        as_of = self._as_of
        return as_of is not None and time.monotonic() - as_of <= MOST_SECONDS_BEHIND


_known = _Knowledge()


def reading_connection() -> Any:
    """The connection for a written-out statement that may be a moment old."""
    return connections[_alias.get()]


def position_of_primary() -> int:
    """How far the primary has written its log, in bytes."""
    return _number(DEFAULT_DB_ALIAS, WRITTEN)


def look() -> Look:
    """Ask both servers. Raises errors of `AWAY`."""
    at = time.monotonic()
    found = Look(position_of_primary(), _number(REPLICA, REPLAYED))
    _known.learn(at, found)
    return found


def choose(*, after: int = 0, complete: bool = False) -> str:
    """The alias to read from. The replica only if it has replayed the log up to `after`.

    `complete`: it must have everything that was committed when this function was called. Values
    that are cached for others need that: a change that drops them may be newer than the replica.
    """
    if not settings.HAS_REPLICA:
        return DEFAULT_DB_ALIAS
    if _known.is_away():
        return _count("away")
    try:
        has_it = _has_everything() if complete else _has(after)
    except AWAY as error:
        _known.leave(error)
        return _count("away")
    return _count("replica" if has_it else "behind")


def _has(after: int) -> bool:
    if _known.may_look() or after > _known.replayed:
        look()
    return after <= _known.replayed and _known.is_near()


def _has_everything() -> bool:
    written, replayed = look()
    for _ in range(LOOKS - 1):
        if replayed >= written:
            break
        time.sleep(PAUSE_SECONDS)
        replayed = _number(REPLICA, REPLAYED)
    return replayed >= written


def _count(found: str) -> str:
    metrics.REPLICA_READS.labels(found).inc()
    return REPLICA if found == "replica" else DEFAULT_DB_ALIAS


def read(work: Callable[[], T], *, after: int = 0, complete: bool = False) -> T:
    """The result of `work`, whose reads go to the replica if `choose` says so.

    If the replica fails meanwhile, `work` runs again with the primary. So it must change nothing,
    and it must not return a queryset that is not evaluated yet.
    """
    alias = choose(after=after, complete=complete)
    try:
        with _reading_from(alias):
            return work()
    except AWAY as error:
        if alias != REPLICA:
            raise
        _known.leave(error)
    with _reading_from(DEFAULT_DB_ALIAS):
        return work()


def read_lines(lines: Callable[[str], Iterator[T]], *, after: int = 0) -> Iterator[T]:
    """The lines of an answer that is sent while it is read. `lines` makes them from an alias.

    If the replica fails before the first line, all lines come from the primary. If it fails later,
    its error is raised: the web server then cuts the connection, and the browser says that the
    download has failed. The next try reads the primary.
    """
    alias = choose(after=after)
    found = lines(alias)
    if alias != REPLICA:
        return found
    try:
        first = next(found, None)
    except AWAY as error:
        _known.leave(error)
        return lines(DEFAULT_DB_ALIAS)
    return _and_the_rest(first, found)


def _and_the_rest(first: T | None, found: Iterator[T]) -> Iterator[T]:
    if first is None:
        return
    yield first
    try:
        yield from found
    except AWAY as error:
        _known.leave(error)
        raise


def may_read_replica(
    view: Callable[Concatenate[R, P], T],
) -> Callable[Concatenate[R, P], T]:
    """A view of GET requests whose reads may be a moment old, but not older than what its browser
    has written."""

    @wraps(view)
    def reading(request: R, *args: P.args, **kwargs: P.kwargs) -> T:
        return read(lambda: view(request, *args, **kwargs), after=written_by(request))

    return reading


def written_by(request: HttpRequest) -> int:
    """The position after this browser's last change; 0 if it has changed nothing for a while."""
    try:
        return min(max(int(request.COOKIES.get(settings.WRITTEN_COOKIE_NAME, "0"), 16), 0), UNKNOWN)
    except ValueError:
        return 0


@contextmanager
def _reading_from(alias: str) -> Iterator[None]:
    token = _alias.set(alias)
    try:
        yield
    finally:
        _alias.reset(token)


def _number(alias: str, query: str) -> int:
    with connections[alias].cursor() as cursor:
        cursor.execute(query)
        (number,) = cursor.fetchone()
    return int(number)
