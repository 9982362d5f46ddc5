"""The cache on Redis or Valkey. The site keeps working while its server is down (docs/spec.md §7).

While the server is down every read is a miss and every write is dropped. One call every
RETRY_SECONDS tries to connect; the others skip the server at once (`Outage`). The keys of failed
writes and deletions are remembered, and deleted before the first read after the outage. So no old
value comes back, for example a session that was ended during the outage. With sentinels, the same
is done for the writes of the last seconds before another server became the primary.
"""

import logging
from contextlib import suppress
from typing import Any

from django.core.cache.backends.base import BaseCache
from django_redis.cache import RedisCache
from django_redis.client import DefaultClient
from django_redis.pool import ConnectionFactory
from redis import ConnectionPool
from redis.connection import Connection
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError
from redis.sentinel import SentinelConnectionPool

from bookmyshow.core.observability import metrics
from bookmyshow.core.redis_addresses import read_sentinels
from bookmyshow.core.redis_clients import pool_of_primary

from .outage import Outage
from .serializer import Unreadable

log = logging.getLogger(__name__)

MISSING = object()


class OutageAware(ConnectionPool):
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
            if self._is_another_server(connection) or was_down:
                self._end_outage(connection)
        except (RedisError, OSError) as error:
            self.outage.begin(error)
            raise
        return connection

    def send_in_one_trip(self, commands: list[tuple[str, ...]]) -> list[Any]:
        """Send the commands together and return their answers. Raises RedisError, OSError."""
        connection = self.get_connection()
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            return [connection.read_response() for _ in commands]
        except (RedisError, OSError):
            # Answers may be left in it.
            connection.disconnect()
            raise
        finally:
            self.release(connection)

    def _end_outage(self, connection: Connection) -> None:
        """Delete the keys whose deletion failed. If the server answers, the outage has ended."""
        keys = self.outage.take_missed()
        try:
            connection.send_command(*(["DEL", *keys] if keys else ["PING"]))
            connection.read_response()
        except (RedisError, OSError):
            self.outage.note_missed(keys)
            connection.disconnect()
            self.release(connection)
            raise
        self.outage.end()

    def _is_another_server(self, connection: Connection) -> bool:
        """Whether this caller is the first to reach another server than before."""
        return False


class OutageAwarePool(OutageAware):
    """The connections to one server."""


class OutageAwarePrimaryPool(OutageAware, SentinelConnectionPool):
    """The connections to the server that the sentinels call the primary.

    A new primary may not have the last writes of the former one, because they are copied a moment
    after they are done. So it begins with a deletion of the keys of recent writes.
    """

    def _is_another_server(self, connection: Connection) -> bool:
        return self.outage.has_moved_to((connection.host, connection.port))


class Connections(ConnectionFactory):
    """Makes the cache's pool of connections for LOCATION, with or without sentinels."""

    def get_connection_pool(self, params: dict[str, Any]) -> OutageAware:
        options = {name: value for name, value in params.items() if name != "url"}
        found = read_sentinels(params["url"])
        if found is None:
            return OutageAwarePool.from_url(params["url"], **options)
        return pool_of_primary(found, OutageAwarePrimaryPool, **options)


class SerializingClient(DefaultClient):
    """Passes every value to the serializer. django-redis would store whole numbers without it.

    LOCATION is one address. django-redis would take the sentinels in it for several servers.
    """

    def __init__(self, server: str, params: dict[str, Any], backend: BaseCache) -> None:
        super().__init__([server], params, backend)

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
        self._note([key], kwargs.get("version"), done)
        return done

    def delete(self, key: str, version: int | None = None, **kwargs: Any) -> Any:
        done = super().delete(key, version=version, **kwargs)
        self._note([key], version, done)
        return bool(done)

    def delete_many(self, keys: Any, version: int | None = None, **kwargs: Any) -> Any:
        keys = list(keys)
        done = super().delete_many(keys, version=version, **kwargs)
        self._note(keys, version, done)
        return done

    def delete_many_and_publish(self, keys: list[str], channel: str, message: str) -> None:
        """Delete the keys and tell the channel's subscribers, in one trip to the server.

        While the server is down the keys are deleted later, as by `delete_many`; the message is
        lost.
        """
        names = [self.client.make_key(key) for key in keys]
        commands = [("DEL", *names), ("PUBLISH", channel, message)]
        done = None
        with suppress(RedisError, OSError):
            # Not the client's pipeline: each hold comes here, and that takes 25 µs longer.
            done = self._pool.send_in_one_trip(commands)
        self._note(keys, None, done)

    def clear(self) -> int:
        """Delete every entry of the cache and return their number."""
        return self.delete_pattern("*", itersize=1000) or 0

    @property
    def is_away(self) -> bool:
        """Whether the last attempt to reach the server failed."""
        return self._pool.outage.is_on

    @property
    def _pool(self) -> OutageAware:
        pool: OutageAware = self.client.get_client(write=True).connection_pool
        return pool

    def _note(self, keys: list[str], version: int | None, done: object) -> None:
        """Remember keys that were to be written or deleted. `done` is None if it failed."""
        outage = self._pool.outage
        if done is None:
            outage.note_missed([self.client.make_key(key, version=version) for key in keys])
        elif outage.may_move:
            outage.note_done([self.client.make_key(key, version=version) for key in keys])
