"""Clients for commands that are sent to Redis or Valkey without Django's cache or Celery."""

from typing import Any

import redis
import redis.asyncio
from django.core.cache import cache
from django_redis.exceptions import ConnectionInterrupted

#: What a client raises while its server is down.
UNREACHABLE = (redis.RedisError, ConnectionInterrupted, OSError)
CONNECT_SECONDS = 2.0


def short_lived_client(url: str, *, seconds: float) -> redis.Redis:
    """A client for a few commands, which waits at most `seconds` for each answer.

    Use it in a `with` statement: that closes the connection.
    """
    return redis.from_url(url, socket_connect_timeout=seconds, socket_timeout=seconds)


def subscribing_client(url: str) -> redis.asyncio.Redis:
    """A client of an event loop that waits for messages as long as it takes.

    Use it in an `async with` statement: that closes its connections.
    """
    return redis.asyncio.from_url(
        url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=None, socket_keepalive=True
    )


def cache_client() -> Any:
    """The cache's own client and connections, for commands that Django's cache does not offer."""
    return cache.client.get_client(write=True)  # type: ignore[attr-defined]
