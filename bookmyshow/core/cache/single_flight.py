"""Keeping what is dear to make, made by one worker at a time."""

import secrets
import time
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")
#: How long a value is kept; a function of it where that depends on what it says.
Lifetime = float | Callable[[T], float]

MISSING = object()
#: How long others wait for the worker that makes a value, and how often they look.
WAIT_SECONDS = 3.0
LOOK_SECONDS = 0.02
#: A worker that died while making leaves its lock for so long.
LOCK_SECONDS = 10


def keep(key: str, make: Callable[[], T], *, seconds: Lifetime[T]) -> T:
    """The value under `key`, made by one of those who ask for it at once, then kept for `seconds`.

    With the cache server away everyone makes their own.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    lock = f"{key}:making"
    while True:
        found = cache.get(key, MISSING)
        if found is not MISSING:
            return found
        locked = _lock(lock)
        if locked:
            try:
                # It may have been made between the two looks above.
                found = cache.get(key, MISSING)
                if found is not MISSING:
                    return found
                value = make()
                cache.set(key, value, seconds(value) if callable(seconds) else seconds)
                return value
            finally:
                cache.delete(lock)
        if locked is None or time.monotonic() > deadline:
            return make()
        time.sleep(LOOK_SECONDS)


class Group:
    """Entries that are dropped together; open it before reading what its entries are made of.

    Then a value made from what a drop has just outdated is kept under the group's old token, where
    nobody finds it.
    """

    def __init__(self, name: str) -> None:
        key = group_key(name)
        token = cache.get(key)
        if token is None:
            token = secrets.token_hex(8)
            # Another may have named the group in between; then its token counts.
            if not cache.add(key, token, None):
                token = cache.get(key, token)
        #: Changes with every drop; in a key of another group, it ties that entry to both.
        self.prefix = f"{name}:{token}"

    def keep(self, key: str, make: Callable[[], T], *, seconds: Lifetime[T]) -> T:
        """As `keep`, until the group is dropped at the latest."""
        return keep(f"{self.prefix}:{key}", make, seconds=seconds)


def drop_group(name: str) -> None:
    """Drop all that is kept in a group. Call it once the change is committed."""
    cache.delete(group_key(name))


def group_key(name: str) -> str:
    """The entry that a drop of the group deletes, for dropping it together with others."""
    return f"group:{name}"


def _lock(name: str) -> bool | None:
    """Whether this worker got the lock; None with the server away."""
    return cache.add(name, 1, LOCK_SECONDS)
