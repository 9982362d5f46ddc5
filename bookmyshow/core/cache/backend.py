"""The cache on Redis or Valkey. The site keeps working while its server is down (docs/spec.md §7).

While the server is down every read is a miss and every write is dropped. One call every
RETRY_SECONDS tries to connect; the others skip the server at once (`Outage`). The keys of failed
writes and deletions are remembered, and deleted before the first read after the outage. So no old
value comes back, for example a session that was ended during the outage.
"""

import logging
from typing import Any

from django.core.cache.backends.base import BaseCache
from django_redis.cache import RedisCache
from django_redis.client import DefaultClient
from redis import ConnectionPool
from redis.connection import Connection
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer

from bookmyshow.core.observability import metrics

from .outage import Outage
from .serializer import Unreadable

log = logging.getLogger(__name__)

MISSING = object()


class OutageAwarePool(ConnectionPool):
    """The connections to one server. While it is down, `get_connection` fails at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.outage = Outage()
        super().__init__(*args, **kwargs)

    def get_connection(self, *args: Any, **kwargs: Any) -> Connection:
        if self.outage.must_wait():
            raise NoConnection("the cache server is down")
        was_down = self.outage.is_on
        try:
            connection = super().get_connection(*args, **kwargs)
            if was_down:
                self._end_outage(connection)
        except (NoConnection, NoAnswer, OSError) as error:
            self.outage.begin(error)
            raise
        return connection

    def _end_outage(self, connection: Connection) -> None:
        """Delete the keys whose deletion failed. If the server answers, the outage has ended."""
        keys = self.outage.take_missed()
        try:
            connection.send_command(*(["DEL", *keys] if keys else ["PING"]))
            connection.read_response()
        except (NoConnection, NoAnswer, OSError):
            self.outage.note_missed(keys)
            connection.disconnect()
            self.release(connection)
            raise
        self.outage.end()


class SerializingClient(DefaultClient):
    """Passes every value to the serializer. django-redis would store whole numbers without it."""

    def encode(self, value: Any, **_options: Any) -> Any:
        return self._serializer.dumps(value)

    def decode(self, value: Any) -> Any:
        return self._serializer.loads(value)


class OutageTolerantCache(RedisCache):
    """django-redis's cache with three changes.

    - The keys of failed writes and deletions are deleted when the server is back.
    - `clear` deletes only the cache's own keys: the server is also Celery's broker, and FLUSHDB
      would delete queued tasks.
    - A value that can't be read (damaged, or of another version) is a miss. It is deleted, so that
      `add` can store a new one.
    """

    def get(self, key: str, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        try:
            found = super().get(key, MISSING, *args, **kwargs)
        except Unreadable as error:
            # The key is not logged, because the key of a session is secret.
            log.warning("deleted a cache entry that can't be read: %s", error)
            self.delete(key, kwargs.get("version"))
            found = MISSING
        if found is MISSING:
            metrics.count_cache_read("away" if self.is_away else "miss")
            return default
        metrics.count_cache_read("hit")
        return found

    def get_many(self, keys: Any, version: int | None = None, **_options: Any) -> dict[str, Any]:
        """The values by key, read one by one with `get`."""
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

    def delete_many_and_publish(self, keys: list[str], channel: str, message: str) -> None:
        """Delete the keys and tell the channel's subscribers, in one trip to the server.

        While the server is down the keys are deleted later, as by `delete_many`; the message is
        lost.
        """
        names = [self.client.make_key(key) for key in keys]
        try:
            trip = self.client.get_client(write=True).pipeline(transaction=False)
            trip.delete(*names).publish(channel, message)
            trip.execute()
        except (RedisError, OSError):
            self._pool.outage.note_missed(names)

    def clear(self) -> int:
        """Delete every entry of the cache and return their number."""
        return self.delete_pattern("*", itersize=1000) or 0

    @property
    def is_away(self) -> bool:
        """Whether the last attempt to reach the server failed."""
        return self._pool.outage.is_on

    @property
    def _pool(self) -> OutageAwarePool:
        pool: OutageAwarePool = self.client.get_client(write=True).connection_pool
        return pool

    def _note_missed(self, keys: list[str], version: int | None) -> None:
        self._pool.outage.note_missed([self.client.make_key(k, version=version) for k in keys])
