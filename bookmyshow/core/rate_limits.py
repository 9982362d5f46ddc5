"""How often the same client may try the same thing; one set of limits for pages and API.

The counts are in Redis, shared by all workers. While Redis is down, limits that protect accounts go
on in each worker's own memory (so a client gets at most the limit once for each worker), and limits
on booking are not enforced: selling goes on. Redis is asked again every few seconds.

`accounts.login.attempts` has the limits of everything that checks a secret.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from .client_address import client_networks
from .errors import DomainError, Unavailable
from .pseudonym import pseudonym

log = logging.getLogger(__name__)

SOCKET_SECONDS = 0.5
ASK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Limit:
    """`rate` in a moving window. `guards`: kept in each worker's memory while Redis is down."""

    name: str
    rate: RateLimitItem
    in_memory_fallback: bool = True

    def times(self, factor: int) -> "Limit":
        """The same limit, `factor` times as high, with counts of its own."""
        if factor == 1:
            return self
        rate = type(self.rate)(self.rate.amount * factor, self.rate.multiples)
        return Limit(f"{self.name}-{factor}", rate, self.in_memory_fallback)


HOLDS_OF_PERSON = Limit("holds", parse("30 per minute"), in_memory_fallback=False)


class RateLimited(DomainError):
    """Too often; in `retry_after` seconds it would be allowed."""

    code = "RATE_LIMITED"
    status = 429
    message = "Too many attempts. Please wait and try again."
    when = "Try again after Retry-After seconds."

    retry_after: int

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)


class Busy(Unavailable):
    """This process has no room for costly work now. Try again after `retry_after` seconds."""

    message = "The service is busy right now. Please try again in a moment."
    retry_after = 2


def count_attempt(limit: Limit, by: object, *, times: int = 1) -> None:
    """Count one attempt of someone, or `times`. Raises RateLimited beyond the limit."""
    if not settings.RATE_LIMITS:
        return
    # No email or address is kept in the clear.
    who = pseudonym(str(by))
    limiter = _limiter(limit)
    while limiter is not None:
        try:
            if limiter.hit(limit.rate, limit.name, who, cost=times):
                return
            wait = limiter.get_window_stats(limit.rate, limit.name, who).reset_time - time.time()
        except StorageError as error:
            _outage.begin(error)
            limiter = _limiter(limit)
        else:
            raise RateLimited(max(1, math.ceil(wait)))


def count_attempt_by_address(limit: Limit, request: HttpRequest) -> None:
    """Count one attempt of a client's network; its wider network (IPv6) has a higher limit.

    Raises RateLimited.
    """
    for network, factor in client_networks(request):
        count_attempt(limit.times(factor), network)


class RateLimitMiddleware:
    """Answers a page that raised RateLimited (429) or Busy (503) with Retry-After."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, RateLimited):
            response = render(request, "429.html", {"retry_after": error.retry_after}, status=429)
        elif isinstance(error, Busy):
            response = render(request, "busy.html", {"message": error.message}, status=503)
        else:
            return None
        response["Retry-After"] = str(error.retry_after)
        return response


class _Outage:
    """Whether Redis was found down a moment ago: nobody waits for a dead server twice."""

    def __init__(self) -> None:
        self._until = 0.0

    def __bool__(self) -> bool:
        return time.monotonic() < self._until

    def begin(self, error: Exception) -> None:
        log.warning("rate limits go on without Redis: %s", error)
        self._until = time.monotonic() + ASK_AGAIN_SECONDS


_outage = _Outage()


def _limiter(limit: Limit) -> RateLimiter | None:
    if not _outage:
        return _shared(settings.REDIS_URL)
    return _own() if limit.in_memory_fallback else None


@cache
def _shared(url: str) -> RateLimiter:
    address = url.replace("unix://", "redis+unix://") if url.startswith("unix://") else url
    return MovingWindowRateLimiter(
        RedisStorage(
            address,
            key_prefix="bms:limits",
            wrap_exceptions=True,
            socket_connect_timeout=SOCKET_SECONDS,
            socket_timeout=SOCKET_SECONDS,
        )
    )


@cache
def _own() -> RateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())
