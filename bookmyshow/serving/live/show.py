"""One show: reads its seats when they change, and writes to the streams that watch it."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from django.db import Error as DatabaseError

from bookmyshow.core.observability import metrics
from shows.models import Show

from . import events
from .pace import Pace
from .snapshot import Snapshot

log = logging.getLogger(__name__)

#: After a read that failed, the next one is this much later.
RETRY_SECONDS = 2.0
#: Read this long after a hold's end or a show's start, so that by the database's clock it is over.
LAPSE_SECONDS = 0.005
#: A page that shows one of the last versions gets the difference; any other page must poll.
KNOWN_VERSIONS = 64
#: After this many streams the event loop does other work.
SLICE = 500
#: A show without watchers is followed for this long, in case somebody comes back.
LINGER_SECONDS = 10.0

Read = Callable[[int], Awaitable[Snapshot]]


class NotRead(Exception):
    """The seats could not be read: the database is away."""


class WatchedShow:
    """A show's current map and its streams.

    `follow` is its task. `watchers` are the transports of its streams; all of them get the same
    bytes.
    """

    def __init__(self, show_id: int, read: Read, pace: Pace) -> None:
        self.show_id = show_id
        self.watchers: set[asyncio.WriteTransport] = set()
        self.current: Snapshot | None = None
        self.is_missing = False
        self.written_at = self.left_at = time.monotonic()
        self._read = read
        self._pace = pace
        self._changed = asyncio.Event()
        self._tried = asyncio.Event()
        # The seats' states by version, the oldest first, since anything but a state changed.
        self._known: dict[str, str] = {}
        self._catch_up: dict[str, bytes] = {}

    def changed(self) -> None:
        """Read the seats soon: at once if the last read is long enough ago."""
        self._changed.set()

    async def map_now(self) -> Snapshot:
        """The current map. Raises Show.DoesNotExist, and NotRead."""
        await self._tried.wait()
        if self.is_missing:
            raise Show.DoesNotExist
        if self.current is None:
            raise NotRead
        return self.current

    async def follow(self) -> None:
        """Keep the map current until nobody watches, the show is over, or it does not exist."""
        while self.watchers or time.monotonic() - self.left_at < LINGER_SECONDS:
            self._changed.clear()
            began = time.monotonic()
            good_for = await self._read_and_tell()
            self._tried.set()
            if self.is_missing:
                return
            await asyncio.sleep(max(began + self._pace.gap - time.monotonic(), 0))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), good_for)

    async def _read_and_tell(self) -> float:
        """Read the seats, tell the streams, and return after how many seconds to read again."""
        try:
            snapshot = await self._read(self.show_id)
        except Show.DoesNotExist:
            self.is_missing = True
            self.end_streams(events.LAST_CHUNK)
            return 0
        except DatabaseError as error:
            log.warning("the seats of show %s can't be read: %s", self.show_id, error)
            return RETRY_SECONDS * random.uniform(0.75, 1.25)
        before, self.current = self.current, snapshot
        self._remember(before, snapshot)
        if before is None or before.version == snapshot.version:
            return self._pace.until_read(snapshot) + LAPSE_SECONDS
        if snapshot.is_final:
            self.end_streams(events.reload(snapshot.version) + events.LAST_CHUNK)
        else:
            await self.write(self._event_since(before.version))
        return self._pace.until_read(snapshot) + LAPSE_SECONDS

    def _remember(self, before: Snapshot | None, now: Snapshot) -> None:
        if before and before.fixed != now.fixed:
            self._known.clear()
        self._catch_up.clear()
        self._known.pop(now.version, None)
        self._known[now.version] = now.states
        if len(self._known) > KNOWN_VERSIONS:
            del self._known[next(iter(self._known))]

    def _event_since(self, version: str) -> bytes:
        """The event from `version` to the current map. It is made once for all pages."""
        assert self.current is not None
        states = self._known.get(version)
        if states is None:
            return events.reload(self.current.version)
        if version not in self._catch_up:
            self._catch_up[version] = events.difference(
                version, self.current.version, self.current.since(states)
            )
        return self._catch_up[version]

    def greet(self, stream: asyncio.WriteTransport, shown: str) -> None:
        """Begin a stream to a page that shows the version `shown`.

        There is no `await` between the read of `current` and the entry in `watchers`. So the stream
        misses no change.
        """
        assert self.current is not None
        first = events.greeting()
        if shown != self.current.version:
            first += self._event_since(shown)
        if self.current.is_final:
            stream.write(first + events.LAST_CHUNK)
            stream.close()
            return
        stream.write(first)
        self.watchers.add(stream)

    def leave(self, stream: asyncio.WriteTransport) -> None:
        """This stream has ended."""
        self.watchers.discard(stream)
        self.left_at = time.monotonic()

    async def write(self, data: bytes) -> None:
        """Write to all streams. A stream that begins meanwhile has begun with the newest map."""
        self.written_at = time.monotonic()
        streams = list(self.watchers)
        for start in range(0, len(streams), SLICE):
            if start:
                await asyncio.sleep(0)
            _write_to(streams[start : start + SLICE], data)
        metrics.LIVE_EVENTS.inc(len(streams))

    def stop(self) -> None:
        """The show is not followed any more: end its streams and the waits in `map_now`."""
        self.end_streams(events.LAST_CHUNK)
        self._tried.set()

    def end_streams(self, last: bytes) -> None:
        """Write these bytes to all streams and close them."""
        streams, self.watchers = self.watchers, set()
        self.left_at = time.monotonic()
        end(streams, last)


def end(streams: Iterable[asyncio.WriteTransport], last: bytes) -> None:
    """Write these bytes to the streams and close them."""
    _write_to(streams, last)
    for stream in streams:
        stream.close()


def _write_to(streams: Iterable[asyncio.WriteTransport], data: bytes) -> None:
    for stream in streams:
        # uvloop refuses to write to a stream that is closed already.
        if not stream.is_closing():
            stream.write(data)
