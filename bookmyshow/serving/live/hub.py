"""All watched shows of the process, and how many streams it takes."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from bookmyshow.core.observability import metrics
from shows.models import Show

from . import events, snapshot
from .pace import Pace
from .show import WatchedShow, end
from .snapshot import Snapshot

log = logging.getLogger(__name__)

READERS = 2
#: After this time without an event a stream gets a heartbeat, at the next check. A page counts a
#: stream as broken after 20 s without a byte.
HEARTBEAT_SECONDS = 12.0
HEARTBEAT_CHECK_SECONDS = 1.0
#: The id of a show that does not exist is refused without a query for this long.
UNKNOWN_SECONDS = 60.0
MOST_UNKNOWN = 10_000
#: How many shows that nobody has watched so far may be read in a second, on average and at once.
#: Without this limit, requests for one show after the other would keep the database busy.
FIRST_READS_PER_SECOND = 20.0
MOST_FIRST_READS = 200.0
SLICES = 50


class TooMany(Exception):
    """The process takes no more streams now, or no more shows that nobody watched so far."""


class Hub:
    """The watched shows by id. Everything except the reads runs in the event loop's thread."""

    def __init__(self, most_watchers: int) -> None:
        self.shows: dict[int, WatchedShow] = {}
        self.most_watchers = most_watchers
        #: All requests for a stream that are open, those that wait for a first read included.
        self.open = 0
        # Each keeps a connection, and the pool has no more than WEB_THREADS.
        readers = min(READERS, settings.WEB_THREADS)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="read")
        self._tasks: set[asyncio.Task[None]] = set()
        self._pace = Pace()
        self._unknown: dict[int, float] = {}
        self._first_reads = MOST_FIRST_READS
        self._refilled_at = time.monotonic()

    def start(self) -> None:
        """Begin with heartbeats. Call it in the event loop."""
        self._keep(asyncio.create_task(self._beat()))

    def show(self, show_id: int) -> WatchedShow:
        """The show, which is followed from now on. Raises Show.DoesNotExist, and TooMany."""
        found = self.shows.get(show_id)
        if found is not None:
            return found
        if self._unknown.get(show_id, 0) > time.monotonic():
            raise Show.DoesNotExist
        self._take_first_read()
        self.shows[show_id] = found = WatchedShow(show_id, self._read, self._pace)
        self._keep(asyncio.create_task(self._follow(found)))
        return found

    def changed(self, show_id: int) -> None:
        """The show, or one of its seats, has changed. It may be new."""
        self._unknown.pop(show_id, None)
        if show := self.shows.get(show_id):
            show.changed()

    def all_changed(self) -> None:
        """Messages may have been missed."""
        for show in self.shows.values():
            show.changed()

    async def end_all(self, seconds: float) -> None:
        """End all streams, in slices spread over this time, so that they come back spread."""
        self.most_watchers = 0
        streams = [stream for show in self.shows.values() for stream in show.watchers]
        size = -(-len(streams) // SLICES)
        for start in range(0, len(streams), size or 1):
            end(streams[start : start + size], events.LAST_CHUNK)
            await asyncio.sleep(seconds / SLICES)

    def stop(self) -> None:
        """End all tasks and readers. Call it after `end_all`."""
        for task in self._tasks:
            task.cancel()
        self._readers.shutdown(wait=False, cancel_futures=True)

    async def _follow(self, show: WatchedShow) -> None:
        try:
            await show.follow()
        except Exception:
            # A bug. The streams end; when their pages open them again, the show is read again.
            log.exception("show %s is not followed any more", show.show_id)
        finally:
            del self.shows[show.show_id]
            show.stop()
        if show.is_missing:
            self._note_unknown(show.show_id)

    async def _read(self, show_id: int) -> Snapshot:
        with metrics.LIVE_READS.time():
            return await asyncio.get_running_loop().run_in_executor(
                self._readers, snapshot.take, show_id
            )

    async def _beat(self) -> None:
        """Every second: heartbeats for silent streams, the metric of streams, and the pace."""
        while True:
            await asyncio.sleep(HEARTBEAT_CHECK_SECONDS)
            self._pace.look()
            metrics.LIVE_WATCHERS.set(sum(len(show.watchers) for show in self.shows.values()))
            silent_since = time.monotonic() - HEARTBEAT_SECONDS
            for show in list(self.shows.values()):
                if show.written_at < silent_since:
                    await show.write(events.HEARTBEAT)

    def _take_first_read(self) -> None:
        now = time.monotonic()
        refill = (now - self._refilled_at) * FIRST_READS_PER_SECOND
        self._first_reads = min(self._first_reads + refill, MOST_FIRST_READS)
        self._refilled_at = now
        if self._first_reads < 1:
            raise TooMany
        self._first_reads -= 1

    def _note_unknown(self, show_id: int) -> None:
        if len(self._unknown) >= MOST_UNKNOWN:
            self._unknown.clear()
        self._unknown[show_id] = time.monotonic() + UNKNOWN_SECONDS

    def _keep(self, task: asyncio.Task[None]) -> None:
        # The event loop itself keeps only weak references to tasks.
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a task has failed", exc_info=error)
