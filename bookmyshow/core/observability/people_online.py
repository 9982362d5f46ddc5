"""Counts the people on the site: everybody who opened a page in the last five minutes.

Each person who is logged in counts once. Other visitors are told apart by address and browser, and
one address counts at most ADDRESS_COUNTS times, because cookies and browser names are easy to fake.
So the number is an estimate: a person with many addresses is counted several times, and a school
with one address as ADDRESS_COUNTS people at most. Nothing depends on the number.

The cache server has one sorted set of keyed hashes; no session and no address can be read from it.
While the server is down nobody is counted, and requests do not become slower.
"""

import hashlib
import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase

from bookmyshow.core.client_address import client_network
from bookmyshow.core.pseudonym import pseudonym
from bookmyshow.core.redis_clients import UNREACHABLE, cache_client

ONLINE_SECONDS = 300
#: The most visitors without a log-in that are counted from one IPv4 address or IPv6 network.
ADDRESS_COUNTS = 20
KEY = f"{settings.CACHES['default']['KEY_PREFIX']}:online"


class PeopleOnlineMiddleware:
    """Counts the visitor of each whole page. Fragments for htmx and polls are not counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if _is_page(request, response):
            _count_visitor(request)
        return response


def people_online() -> int | None:
    """The number of people online, or None if the cache server does not answer."""
    try:
        return int(cache_client().zcount(KEY, time.time() - ONLINE_SECONDS, "+inf"))
    except UNREACHABLE:
        return None


def _is_page(request: HttpRequest, response: HttpResponseBase) -> bool:
    return (
        request.method == "GET"
        and response.status_code == 200
        and "HX-Request" not in request.headers
        and response.headers.get("Content-Type", "").startswith("text/html")
    )


def _count_visitor(request: HttpRequest) -> None:
    now = time.time()
    try:
        pipe = cache_client().pipeline(transaction=False)
        pipe.zadd(KEY, {_visitor(request): now})
        pipe.zremrangebyscore(KEY, "-inf", now - ONLINE_SECONDS)
        pipe.expire(KEY, 2 * ONLINE_SECONDS)
        pipe.execute()
    except UNREACHABLE:
        return


def _visitor(request: HttpRequest) -> str:
    # Use the session only if the view has loaded it. With a fake cookie, the session is empty.
    session = request.session
    if session.accessed and (person := session.get(SESSION_KEY)):
        return pseudonym(f"person {person}")
    browser = request.headers.get("User-Agent", "").encode()
    slot = int.from_bytes(hashlib.sha256(browser).digest()[:4]) % ADDRESS_COUNTS
    return pseudonym(f"{client_network(request)} {slot}")
