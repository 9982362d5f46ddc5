"""How many people are on the site now: all who opened a page in the last five minutes.

People who are logged in count one each. Others count by address and browser, at most ADDRESS_COUNTS
of one address, because a cookie or a browser's name is easily made up. Somebody with many addresses
can still seem to be a crowd, and a school behind one address counts for too few. Nothing is decided
by this number.

One sorted set in the cache server, of keyed hashes: neither a session nor an address can be read
out of it. With the server away nobody is counted and nothing is slower.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from bookmyshow.core.client_address import client_network
from bookmyshow.core.pseudonym import pseudonym

ONLINE_SECONDS = 300
#: Visitors who are not logged in, at most, from one IPv4 address or IPv6 network.
ADDRESS_COUNTS = 20
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
    # The session is loaded if the page read it; a made-up cookie loads an empty one.
    session = request.session
    if session.accessed and (person := session.get(SESSION_KEY)):
        return pseudonym(f"person {person}")
    browser = request.headers.get("User-Agent", "").encode()
    slot = int.from_bytes(hashlib.sha256(browser).digest()[:4]) % ADDRESS_COUNTS
    return pseudonym(f"{client_network(request)} {slot}")


def _client() -> Any:
    return cache.client.get_client(write=True)  # type: ignore[attr-defined]
