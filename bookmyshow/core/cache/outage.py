"""Remembers in one process whether the cache server is down."""

import logging
import threading
import time
from collections import deque

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
#: The same with sentinels: another server is the primary within seconds, and until then they say
#: without delay that there is none.
SENTINEL_RETRY_SECONDS = 0.25
#: About 10 MB of keys. After an outage with more, the cache has to be cleared by hand.
MOST_MISSED = 100_000
#: Writes of these last seconds may be missing on a new primary. A former primary that nobody copies
#: any more should refuse writes sooner than this (`min-replicas-max-lag`, docs/deploy.md).
RECENT_SECONDS = 30.0


class Outage:
    """The state of an outage: when to try the server again, and which deletions have failed.

    An outage begins when a connection is refused or times out. From then on one caller tries the
    server every RETRY_SECONDS (with sentinels SENTINEL_RETRY_SECONDS), and all others go on without
    the cache and without waiting.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._retry_at: float | None = None
        self._missed: set[str] = set()
        self._server: tuple[str, int] | None = None
        self._recent: deque[tuple[float, str]] = deque(maxlen=MOST_MISSED)

    @property
    def may_move(self) -> bool:
        """Whether another server may become the primary, so that done writes are remembered."""
        return self._server is not None

    @property
    def is_on(self) -> bool:
        return self._retry_at is not None

    def must_wait(self) -> bool:
        """Whether to skip the server now. In an outage it is False for the caller that tries."""
        if not self.is_on:
            return False
        with self._lock:
            if self._retry_at is None:
                return False
            if time.monotonic() < self._retry_at:
                return True
            self._retry_at = self._next_try()
            return False

    def begin(self, error: Exception) -> None:
        with self._lock:
            if self._retry_at is None:
                log.warning("the cache server does not answer (%s): continuing without it", error)
            self._retry_at = self._next_try()

    def end(self) -> None:
        with self._lock:
            self._retry_at = None
        log.warning("the cache server answers again")

    def note_missed(self, keys: list[str]) -> None:
        """Remember keys that could not be deleted: their values are out of date.

        The next caller that tries the server deletes them. If no outage was known, that is the very
        next caller.
        """
        with self._lock:
            if self._retry_at is None:
                self._retry_at = time.monotonic()
            full = len(self._missed) > MOST_MISSED
            if not full:
                self._missed.update(keys)
        if full:
            log.error("too many failed deletions: run manage.py clear_cache when the server is up")

    def note_done(self, keys: list[str]) -> None:
        """Remember keys that were written or deleted, for RECENT_SECONDS."""
        now = time.monotonic()
        with self._lock:
            while self._recent and self._recent[0][0] < now - RECENT_SECONDS:
                self._recent.popleft()
            self._recent.extend((now, key) for key in keys)

    def has_moved_to(self, server: tuple[str, int]) -> bool:
        """Whether `server` is another one than before. True for one caller, who must then delete
        the keys of `take_missed`. Until that is done the others go on without the cache."""
        with self._lock:
            before, self._server = self._server, server
            if before in (None, server):
                return False
            since = time.monotonic() - RECENT_SECONDS
            self._missed.update(key for at, key in self._recent if at >= since)
            self._retry_at = self._next_try()
        log.warning("another cache server is the primary now")
        return True

    def _next_try(self) -> float:
        pause = SENTINEL_RETRY_SECONDS if self.may_move else RETRY_SECONDS
        return time.monotonic() + pause

    def take_missed(self) -> list[str]:
        """Return the keys to delete, and forget them."""
        with self._lock:
            missed, self._missed = self._missed, set()
        return list(missed)
