"""Rate limits: how often a client may try something. Pages and API share the same counts.

The counts are in Redis, for all workers. While Redis is down, limits that protect accounts are
counted in each worker's memory, so a client can reach the limit once per worker. Limits on bookings
are not enforced then, so that selling continues. Redis is tried again after ASK_AGAIN_SECONDS.

The limits of log-ins and other checks of secrets are in `accounts.login.attempts`.
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
from .redis_clients import pool

log = logging.getLogger(__name__)

SOCKET_SECONDS = 0.5
ASK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of attempts in a moving window of time.

    While Redis is down, attempts are counted in each worker's memory if `in_memory_fallback` is
    True. If it is False, they are not counted and not limited.
    """

    name: str
    rate: RateLimitItem
    in_memory_fallback: bool = True

    def times(self, factor: int) -> "Limit":
        """A limit that is `factor` times as high and has its own counts."""
        if factor == 1:
            return self
        rate = type(self.rate)(self.rate.amount * factor, self.rate.multiples)
        return Limit(f"{self.name}-{factor}", rate, self.in_memory_fallback)


HOLDS_OF_PERSON = Limit("holds", parse("30 per minute"), in_memory_fallback=False)
# Each of these may make a call to the payment provider.
CHECKOUTS_OF_PERSON = Limit("checkouts", parse("20 per minute"), in_memory_fallback=False)
RETURNS_OF_PAYMENT = Limit("returns", parse("10 per minute"), in_memory_fallback=False)


class RateLimited(DomainError):
    """Too many attempts. The next one is allowed after `retry_after` seconds."""

    code = "RATE_LIMITED"
    status = 429
    message = "Too many attempts. Please wait and try again."
    when = "Try again after Retry-After seconds."

    retry_after: int

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)


class Busy(Unavailable):
    """This process is busy with other costly work. Try again after `retry_after` seconds."""

    message = "The service is busy right now. Please try again in a moment."
    retry_after = 2


def count_attempt(limit: Limit, by: object, *, times: int = 1) -> None:
    """Count `times` attempts of a client. Raises RateLimited if that exceeds the limit.

    `by` identifies the client, for example a user's id or an address. Only its hash is stored.
    """
    _ask(limit, by, times, counts=True)


def check_attempt(limit: Limit, by: object, *, times: int = 1) -> None:
    """Raise RateLimited if `times` more attempts would exceed the limit. Counts nothing."""
    _ask(limit, by, times, counts=False)


def _ask(limit: Limit, by: object, times: int, *, counts: bool) -> None:
    if not settings.RATE_LIMITS or not times:
        return
    client = pseudonym(str(by))
    limiter = _limiter(limit)
    while limiter is not None:
        try:
            ask = limiter.hit if counts else limiter.test
            if ask(limit.rate, limit.name, client, cost=times):
                return
            reset_at = limiter.get_window_stats(limit.rate, limit.name, client).reset_time
            wait = reset_at - time.time()
        except StorageError as error:
            _outage.begin(error)
            limiter = _limiter(limit)
        else:
            raise RateLimited(max(1, math.ceil(wait)))


def count_attempt_by_address(limit: Limit, request: HttpRequest) -> None:
    """Count one attempt of the client's network, and of its larger IPv6 network (higher limit).

    Raises RateLimited if one of the two exceeds its limit.
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
            response = render(
                request,
                "errors/too_many_attempts.html",
                {"retry_after": error.retry_after},
                status=429,
            )
        elif isinstance(error, Busy):
            response = render(
                request, "errors/too_busy.html", {"message": error.message}, status=503
            )
        else:
            return None
        response["Retry-After"] = str(error.retry_after)
        return response


class _Outage:
    """True for ASK_AGAIN_SECONDS after Redis did not answer. Then no request waits for Redis."""

    def __init__(self) -> None:
        self._until = 0.0

    def __bool__(self) -> bool:
        return time.monotonic() < self._until

    def begin(self, error: Exception) -> None:
        log.warning("Redis does not answer; rate limits continue without it: %s", error)
        self._until = time.monotonic() + ASK_AGAIN_SECONDS


_outage = _Outage()


def _limiter(limit: Limit) -> RateLimiter | None:
    if not _outage:
        return _shared(settings.REDIS_URL)
    return _own() if limit.in_memory_fallback else None


@cache
def _shared(url: str) -> RateLimiter:
    return MovingWindowRateLimiter(
        RedisStorage(
            # The connections are those of the pool. Of the address only the kind of server counts.
            "redis://",
            key_prefix="bms:limits",
            wrap_exceptions=True,
            connection_pool=pool(url, seconds=SOCKET_SECONDS),
        )
    )


@cache
def _own() -> RateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())
