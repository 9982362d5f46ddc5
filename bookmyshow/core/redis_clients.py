"""Clients for commands that are sent to Redis or Valkey without Django's cache or Celery."""

from typing import Any

import redis
from django.core.cache import cache
from django_redis.exceptions import ConnectionInterrupted

#: What a client raises while its server is down.
UNREACHABLE = (redis.RedisError, ConnectionInterrupted, OSError)


def short_lived_client(url: str, *, seconds: float) -> redis.Redis:
    """A client for a few commands, which waits at most `seconds` for each answer.

    Use it in a `with` statement: that closes the connection.
    """
    return redis.from_url(url, socket_connect_timeout=seconds, socket_timeout=seconds)


def cache_client() -> Any:
    """The cache's own client and connections, for commands that Django's cache does not offer."""
    return cache.client.get_client(write=True)  # type: ignore[attr-defined]
