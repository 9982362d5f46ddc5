"""Remembers in one process whether the cache server is down."""

import logging
import threading
import time

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
#: About 10 MB of keys. After an outage with more, the cache has to be cleared by hand.
MOST_MISSED = 100_000


class Outage:
    """The state of an outage: when to try the server again, and which deletions have failed.

    An outage begins when a connection is refused or times out. From then on one caller tries the
    server every RETRY_SECONDS, and all others go on without the cache and without waiting.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._retry_at: float | None = None
        self._missed: set[str] = set()

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
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False

    def begin(self, error: Exception) -> None:
        with self._lock:
            if self._retry_at is None:
                log.warning("the cache server does not answer (%s): continuing without it", error)
            self._retry_at = time.monotonic() + RETRY_SECONDS

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

    def take_missed(self) -> list[str]:
        """Return the keys to delete, and forget them."""
        with self._lock:
            missed, self._missed = self._missed, set()
        return list(missed)
