"""How many people are on the site now: whoever opened a page in the last five minutes.

One sorted set in the cache server, of keyed hashes: neither a session nor an address can be read
out of it. With the server away nobody is counted and nothing is slower.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from .client_address import client_address

ONLINE_SECONDS = 300
KEY = f"{settings.CACHES['default']['KEY_PREFIX']}:online"


class PresenceMiddleware:
    """Notes whoever was given a whole page; fragments and polls are not looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if _is_page(request, response):
            _note(request)
        return response


def people_online() -> int | None:
    """None where the cache server doesn't answer."""
    try:
        return int(_client().zcount(KEY, time.time() - ONLINE_SECONDS, "+inf"))
    except (RedisError, ConnectionInterrupted, OSError):
        return None


def _is_page(request: HttpRequest, response: HttpResponseBase) -> bool:
    return (
        request.method == "GET"
        and response.status_code == 200
        and "HX-Request" not in request.headers
        and response.headers.get("Content-Type", "").startswith("text/html")
    )


def _note(request: HttpRequest) -> None:
    now = time.time()
    try:
        pipe = _client().pipeline(transaction=False)
        pipe.zadd(KEY, {_visitor(request): now})
        pipe.zremrangebyscore(KEY, "-inf", now - ONLINE_SECONDS)
        pipe.expire(KEY, 2 * ONLINE_SECONDS)
        pipe.execute()
    except (RedisError, ConnectionInterrupted, OSError):
        return


def _visitor(request: HttpRequest) -> str:
    who = request.COOKIES.get(settings.SESSION_COOKIE_NAME) or (
        f"{client_address(request)} {request.headers.get('User-Agent', '')}"
    )
    key = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return hashlib.blake2s(who.encode(), key=key, digest_size=12).hexdigest()


def _client() -> Any:
    return cache.client.get_client(write=True)  # type: ignore[attr-defined]
