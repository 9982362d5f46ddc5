"""All watched shows of the process, and how many streams it takes."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import Error as DatabaseError

from bookmyshow.core.observability import metrics
from shows.models import Show

from . import events, snapshot
from .first_reads import FirstReads
from .pace import Pace
from .places import Places, TooMany
from .show import WatchedShow, end
from .snapshot import Snapshot

log = logging.getLogger(__name__)
T = TypeVar("T")

READERS = 2
#: After this time without an event a stream gets a heartbeat, at the next check. A page counts a
#: stream as broken after 20 s without a byte.
HEARTBEAT_SECONDS = 12.0
HEARTBEAT_CHECK_SECONDS = 1.0
#: The id of a show that does not exist is refused without a query for this long.
UNKNOWN_SECONDS = 60.0
MOST_UNKNOWN = 10_000
#: The ids of the shows that can be booked are read this often, and earlier after an error.
COMING_SECONDS, COMING_AGAIN_SECONDS = 15.0, 5.0
SLICES = 50


class Hub:
    """The watched shows by id. Everything except the reads runs in the event loop's thread."""

    def __init__(self, most_watchers: int) -> None:
        self.shows: dict[int, WatchedShow] = {}
        #: Of all requests for a stream that are open, those that wait for a first read included.
        self.places = Places(most_watchers)
        # Each keeps a connection, and the pool has no more than WEB_THREADS.
        readers = min(READERS, settings.WEB_THREADS)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="read")
        self._tasks: set[asyncio.Task[None]] = set()
        self._pace = Pace()
        self._unknown: dict[int, float] = {}
        self._first_reads = FirstReads()

    def start(self) -> None:
        """Begin with heartbeats. Call it in the event loop."""
        self._keep(asyncio.create_task(self._beat()))
        self._keep(asyncio.create_task(self._know_coming()))

    def show(self, show_id: int) -> WatchedShow:
        """The show, which is followed from now on. Raises Show.DoesNotExist, and TooMany."""
        found = self.shows.get(show_id)
        if found is not None:
            return found
        if self._unknown.get(show_id, 0) > time.monotonic():
            raise Show.DoesNotExist
        if not self._first_reads.take(show_id):
            raise TooMany
        self.shows[show_id] = found = WatchedShow(show_id, self._read, self._pace)
        self._keep(asyncio.create_task(self._follow(found)))
        return found

    def changed(self, show_id: int) -> None:
        """The show, or one of its seats, has changed. It may be new."""
        self._unknown.pop(show_id, None)
        self._first_reads.heard(show_id)
        if show := self.shows.get(show_id):
            show.changed()

    def all_changed(self) -> None:
        """Messages may have been missed."""
        for show in self.shows.values():
            show.changed()

    async def end_all(self, seconds: float) -> None:
        """End all streams, in slices spread over this time, so that they come back spread."""
        self.places.most = 0
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
            return await self._in_thread(partial(snapshot.take, show_id))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def _know_coming(self) -> None:
        """Keep the list of shows that can be booked."""
        while True:
            heard = self._first_reads.heard_so_far()
            try:
                self._first_reads.know(await self._in_thread(snapshot.coming_shows), heard)
            except DatabaseError as error:
                log.warning("the list of coming shows can't be read: %s", error)
                await asyncio.sleep(COMING_AGAIN_SECONDS)
            else:
                await asyncio.sleep(COMING_SECONDS)

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
