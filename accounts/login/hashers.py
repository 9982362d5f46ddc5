"""Password hashers that never take all of a process's threads.

A hash takes a quarter of a second of a core, by design. At most half of a process's threads make
one at a time. The next caller is refused at once: a waiting thread could serve nobody else.
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
def _place() -> Iterator[None]:
    """Raises TooManyPasswords."""
    if not _places.acquire(blocking=False):
        raise TooManyPasswords
    try:
        yield
    finally:
        _places.release()


class BCryptHasher(BCryptSHA256PasswordHasher):
    def encode(self, password: str, salt: str) -> str:
        with _place():
            return super().encode(password, salt)


class PBKDF2Hasher(PBKDF2PasswordHasher):
    """For passwords that were imported; a log-in replaces them with bcrypt's."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _place():
            return super().encode(password, salt, iterations)
