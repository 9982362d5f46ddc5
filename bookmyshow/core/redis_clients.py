"""The one place that makes clients of Redis or Valkey.

REDIS_URL names a server, or sentinels that know which of several servers is the primary now
(bookmyshow.core.redis_addresses). All clients write to the primary, and after a failover they find
the new one.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import redis
import redis.asyncio
from django.core.cache import cache
from django_redis.exceptions import ConnectionInterrupted
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import SentinelConnectionPool

from .redis_addresses import SentinelAddress, read_sentinels
from .redis_sentinels import Sentinels

P = TypeVar("P", bound=SentinelConnectionPool)
#: What a client raises while its server is down.
UNREACHABLE = (redis.RedisError, ConnectionInterrupted, OSError)
CONNECT_SECONDS = 2.0
SENTINEL_SECONDS = 0.5
#: Ends connections of Celery to a host without power, which would be silent for ever: asked after
#: 2 s of silence, and lost if it does not acknowledge anything for 3 s. The kernel of a host
#: acknowledges also while the server is too busy to answer.
NOTICE_SILENCE = {
    socket.TCP_KEEPIDLE: 2,
    socket.TCP_KEEPINTVL: 1,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 3_000,
}
#: How long Celery waits for an answer. A server that pauses for 2 s is not left.
BROKER_ANSWER_SECONDS = 3.0
#: Every server that lives accepts a connection in this time: its kernel does so.
BROKER_CONNECT_SECONDS = 0.5


def short_lived_client(url: str, *, seconds: float) -> redis.Redis:
    """A client for a few commands, which waits at most `seconds` for each answer.

    Use it in a `with` statement: that closes the connection. With sentinels, they are asked here,
    so this call too raises UNREACHABLE.
    """
    found = read_sentinels(url)
    timeouts: dict[str, Any] = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    if found is None:
        return redis.from_url(url, **timeouts)
    with _sentinels(found, timeouts) as sentinels:
        host, port = sentinels.discover_master(found.name)
    return redis.Redis(host, port, retry=Retry(NoBackoff(), 0), **timeouts, **_log_in(found))


@asynccontextmanager
async def subscribing_client(url: str) -> AsyncIterator[redis.asyncio.Redis]:
    """A client of an event loop that waits for messages as long as it takes.

    When its server is lost, ask for a new client: with sentinels, it may be another server.
    """
    found = read_sentinels(url)
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": None,
        "socket_keepalive": True,
    }
    if found is None:
        client = redis.asyncio.from_url(url, **options)
    else:
        host, port = await asyncio.to_thread(_find_primary, found)
        client = redis.asyncio.Redis(host=host, port=port, **options, **_log_in(found))
    async with client:
        yield client


def _find_primary(found: SentinelAddress) -> tuple[str, int]:
    with _sentinels(found, {"socket_timeout": CONNECT_SECONDS}) as sentinels:
        return sentinels.discover_master(found.name)


def pool_of_primary(found: SentinelAddress, pool_class: type[P], **options: Any) -> P:
    """Connections to the primary. Each new one asks the sentinels; idle ones to a former primary
    are closed. `options` are those of redis-py's connections."""
    sentinels = _sentinels(found, options)
    return pool_class(found.name, sentinels, **options, **_log_in(found))


def pool(url: str, *, seconds: float) -> redis.ConnectionPool:
    """Connections for many commands, each of which waits at most `seconds` for its answer."""
    timeouts: dict[str, Any] = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    found = read_sentinels(url)
    if found is not None:
        return pool_of_primary(found, SentinelConnectionPool, **timeouts)
    return redis.ConnectionPool.from_url(url, **timeouts)


def celery_broker(url: str) -> tuple[str, dict[str, Any]]:
    """Celery's broker URL and transport options for this REDIS_URL."""
    found = read_sentinels(url)
    if found is None:
        return url, {}
    who = ":".join(quote(part or "", safe="") for part in (found.username, found.password))
    host, port = found.hosts[0]
    # kombu reads the password and the database here. SentinelTransport asks all `sentinels`.
    address = f"sentinel://{who}@{f'[{host}]' if ':' in host else host}:{port}/{found.database}"
    return address, {
        "master_name": found.name,
        "sentinels": found.hosts,
        "sentinel_kwargs": _to_sentinels(found, SENTINEL_SECONDS),
        "socket_connect_timeout": BROKER_CONNECT_SECONDS,
        "socket_timeout": BROKER_ANSWER_SECONDS,
        "socket_keepalive": True,
        "socket_keepalive_options": NOTICE_SILENCE,
    }


def cache_client() -> Any:
    """The cache's own client and connections, for commands that Django's cache does not offer."""
    return cache.client.get_client(write=True)  # type: ignore[attr-defined]


def _sentinels(found: SentinelAddress, options: dict[str, Any]) -> Sentinels:
    seconds = min(options["socket_timeout"], SENTINEL_SECONDS)
    return Sentinels(found.hosts, sentinel_kwargs=_to_sentinels(found, seconds))


def _to_sentinels(found: SentinelAddress, seconds: float) -> dict[str, Any]:
    """Options of connections to the sentinels. By default, redis-py would try a dead one again for
    several seconds, instead of asking the next one."""
    return {
        "socket_connect_timeout": seconds,
        "socket_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
        "password": found.sentinel_password,
    }


def _log_in(found: SentinelAddress) -> dict[str, Any]:
    return {"db": found.database, "username": found.username, "password": found.password}
