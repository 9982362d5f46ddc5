"""Password hashers that use at most half of a process's threads (but at least one).

A hash takes a core for a quarter of a second, by design. If all slots are taken, the next caller
is refused at once, so that its thread can serve other requests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher, PBKDF2PasswordHasher

from accounts.errors import TooManyPasswords

AT_ONCE = max(1, settings.WEB_THREADS // 2)
_places = BoundedSemaphore(AT_ONCE)


@contextmanager
def _hashing_slot() -> Iterator[None]:
    """Take one of the slots for hashing. Raises TooManyPasswords if all are taken."""
    if not _places.acquire(blocking=False):
        raise TooManyPasswords
    try:
        yield
    finally:
        _places.release()


class BCryptHasher(BCryptSHA256PasswordHasher):
    def encode(self, password: str, salt: str) -> str:
        with _hashing_slot():
            return super().encode(password, salt)


class PBKDF2Hasher(PBKDF2PasswordHasher):
    """For imported password hashes. At the next log-in, Django stores a bcrypt hash instead."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _hashing_slot():
            return super().encode(password, salt, iterations)
