"""The cache on Redis or Valkey, made so that its server may be away (docs/spec.md §7).

With the server gone every read misses and every write is dropped, and a page pays for finding that
out once and not with every call (`Outage`). A drop that could not be delivered is delivered before
anything is read again, so that nothing stale comes back with the server: a session that was ended
meanwhile, say.
"""

import logging
from typing import Any

from django.core.cache.backends.base import BaseCache
from django_redis.cache import RedisCache
from django_redis.client import DefaultClient
from redis import ConnectionPool
from redis.connection import Connection
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer

from bookmyshow.core.observability import metrics

from .outage import Outage
from .serializer import Unreadable

log = logging.getLogger(__name__)

MISSING = object()


class SteadyPool(ConnectionPool):
    """Connections to one server, or at once an error while it is away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.outage = Outage()
        super().__init__(*args, **kwargs)

    def get_connection(self, *args: Any, **kwargs: Any) -> Connection:
        if self.outage.must_wait():
            raise NoConnection("the cache server is away")
        was_on = self.outage.is_on
        try:
            connection = super().get_connection(*args, **kwargs)
            if was_on:
                self._welcome_back(connection)
        except (NoConnection, NoAnswer, OSError) as error:
            self.outage.begin(error)
            raise
        return connection

    def _welcome_back(self, connection: Connection) -> None:
        """Prove that the server answers, by dropping what it should have dropped meanwhile."""
        missed = self.outage.take_missed()
        try:
            connection.send_command(*(["DEL", *missed] if missed else ["PING"]))
            connection.read_response()
        except (NoConnection, NoAnswer, OSError):
            self.outage.note_missed(missed)
            connection.disconnect()
            self.release(connection)
            raise
        self.outage.end()


class SteadyClient(DefaultClient):
    """Every value goes through the serializer, numbers too."""

    def encode(self, value: Any, **_options: Any) -> Any:
        return self._serializer.dumps(value)

    def decode(self, value: Any) -> Any:
        return self._serializer.loads(value)


class SteadyCache(RedisCache):
    """django-redis, whose lost writes are made good and whose `clear` drops nothing but the cache.

    The server is Celery's broker too, so a FLUSHDB would lose what is queued. A value that can't be
    read (garbage, or another version's) is a miss, and is deleted so that a new one can be added.
    """

    def get(self, key: str, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        try:
            found = super().get(key, MISSING, *args, **kwargs)
        except Unreadable as error:
            # Without the key: that of a session is secret.
            log.warning("dropped an entry of the cache that can't be read: %s", error)
            self.delete(key, kwargs.get("version"))
            found = MISSING
        if found is MISSING:
            metrics.count_cache_read("away" if self.is_away else "miss")
            return default
        metrics.count_cache_read("hit")
        return found

    def get_many(self, keys: Any, version: int | None = None, **_options: Any) -> dict[str, Any]:
        """One by one, as `get` reads them."""
        return BaseCache.get_many(self, keys, version)

    def set(self, key: str, *args: Any, **kwargs: Any) -> Any:
        done = super().set(key, *args, **kwargs)
        if done is None:
            self._note_missed([key], kwargs.get("version"))
        return done

    def delete(self, key: str, version: int | None = None, **kwargs: Any) -> Any:
        done = super().delete(key, version=version, **kwargs)
        if done is None:
            self._note_missed([key], version)
        return bool(done)

    def delete_many(self, keys: Any, version: int | None = None, **kwargs: Any) -> Any:
        keys = list(keys)
        done = super().delete_many(keys, version=version, **kwargs)
        if done is None:
            self._note_missed(keys, version)
        return done

    def clear(self) -> int:
        """Drop every entry of the cache; returns how many there were."""
        return self.delete_pattern("*", itersize=1000) or 0

    @property
    def is_away(self) -> bool:
        """Whether the server was found gone and has not answered since."""
        return self._pool.outage.is_on

    @property
    def _pool(self) -> SteadyPool:
        pool: SteadyPool = self.client.get_client(write=True).connection_pool
        return pool

    def _note_missed(self, keys: list[str], version: int | None) -> None:
        self._pool.outage.note_missed([self.client.make_key(k, version=version) for k in keys])
