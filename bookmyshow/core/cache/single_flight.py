"""Caches values that are expensive to compute. One worker computes a missing value, others wait."""

import secrets
import time
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")
#: The seconds that a value stays in the cache, or a function that computes them from the value.
Lifetime = float | Callable[[T], float]

MISSING = object()
#: How long other workers wait for the worker that computes a value, and the pause between checks.
WAIT_SECONDS = 3.0
CHECK_SECONDS = 0.02
#: The lock ends after this time, also if its worker died while it was computing.
LOCK_SECONDS = 10


class OwnedLock:
    """A lock in the cache. `give_back` frees it only for its owner. It ends after `seconds`.

    A change of the data deletes the lock's key (`shows.seatmap.current.forget`). Then `is_mine` is
    False, and the owner knows that the data it has read is out of date.
    """

    def __init__(self, key: str, seconds: float) -> None:
        self._key, self._seconds = key, seconds
        self._token = secrets.token_hex(8)

    def take(self) -> bool | None:
        """Whether this worker got the lock; None if the cache server is down."""
        return cache.add(self._key, self._token, self._seconds)

    def is_free(self) -> bool:
        """Whether nobody has the lock. Also True if the cache server is down."""
        return cache.get(self._key) is None

    def is_mine(self) -> bool:
        return cache.get(self._key) == self._token

    def give_back(self) -> None:
        """Free the lock, unless another worker has it by now."""
        if self.is_mine():
            cache.delete(self._key)


def get_or_compute(key: str, compute: Callable[[], T], *, seconds: Lifetime[T]) -> T:
    """Return the cached value of `key`. If it is missing, compute and cache it for `seconds`.

    If several workers miss it at once, one computes it and the others wait for up to WAIT_SECONDS;
    after that, or while the cache server is down, each computes its own.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    lock = OwnedLock(f"{key}:making", LOCK_SECONDS)
    while True:
        found = cache.get(key, MISSING)
        if found is not MISSING:
            return found
        locked = lock.take()
        if locked:
            try:
                # Another worker may have stored it between the read and the lock.
                found = cache.get(key, MISSING)
                if found is not MISSING:
                    return found
                value = compute()
                cache.set(key, value, seconds(value) if callable(seconds) else seconds)
                return value
            finally:
                lock.give_back()
        if locked is None or time.monotonic() > deadline:
            return compute()
        time.sleep(CHECK_SECONDS)


class Group:
    """Cache entries that are dropped together.

    Create the Group before you read the data for its entries. If the group is dropped after that,
    the entry is stored under the old token, where it is never read.
    """

    def __init__(self, name: str) -> None:
        key = group_key(name)
        token = cache.get(key)
        if token is None:
            token = secrets.token_hex(8)
            # Another worker may have stored a token first; then that one counts.
            if not cache.add(key, token, None):
                token = cache.get(key, token)
        #: Changes with every drop. An entry of another group whose key contains this prefix is
        #: dropped with either group.
        self.prefix = f"{name}:{token}"

    def get_or_compute(self, key: str, compute: Callable[[], T], *, seconds: Lifetime[T]) -> T:
        """Like the function `get_or_compute`, but dropping the group also drops the value."""
        return get_or_compute(f"{self.prefix}:{key}", compute, seconds=seconds)


def drop_group(name: str) -> None:
    """Drop all entries of a group. Call this after the change is committed."""
    cache.delete(group_key(name))


def group_key(name: str) -> str:
    """The key whose deletion drops the group. Delete several such keys to drop several groups."""
    return f"group:{name}"
