"""What one process knows about a cache server that does not answer."""

import logging
import threading
import time

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
#: About 10 MB of keys; a shop that sells more through one outage has to clear the cache by hand.
MOST_MISSED = 100_000


class Outage:
    """Whether to leave the server alone, and which drops it missed.

    One refused or timed-out connection begins an outage. From then on nobody waits: every
    RETRY_SECONDS one caller tries, and the others go on without the cache.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._retry_at: float | None = None
        self._missed: set[str] = set()

    @property
    def is_on(self) -> bool:
        return self._retry_at is not None

    def must_wait(self) -> bool:
        """Whether the caller has to do without the server; False makes it the one who tries."""
        if not self.is_on:
            return False
        with self._lock:
            if self._retry_at is None:
                return False
            if time.monotonic() < self._retry_at:
                return True
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False

    def begin(self, error: Exception) -> None:
        with self._lock:
            if self._retry_at is None:
                log.warning("the cache server does not answer (%s): going on without it", error)
            self._retry_at = time.monotonic() + RETRY_SECONDS

    def end(self) -> None:
        with self._lock:
            self._retry_at = None
        log.warning("the cache server answers again")

    def note_missed(self, keys: list[str]) -> None:
        """Remember what should have been dropped: it is stale when the server is back.

        The next caller tries whether it is, and delivers them.
        """
        with self._lock:
            if self._retry_at is None:
                self._retry_at = time.monotonic()
            full = len(self._missed) > MOST_MISSED
            if not full:
                self._missed.update(keys)
        if full:
            log.error("too many missed drops: run manage.py clear_cache when the server is back")

    def take_missed(self) -> list[str]:
        """The keys to drop; forgotten here."""
        with self._lock:
            missed, self._missed = self._missed, set()
        return list(missed)
