"""How often the same client may try the same thing; one set of limits for pages and API.

The counts are in Redis, shared by all workers. While Redis is down, limits that protect accounts go
on in each worker's own memory (so a client gets at most the limit once for each worker), and limits
on booking are not enforced: selling goes on. Redis is asked again every few seconds.
"""

import hashlib
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from .client_address import client_network

log = logging.getLogger(__name__)

SOCKET_SECONDS = 0.5
ASK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Limit:
    """`rate` in a moving window. `guards`: kept in each worker's memory while Redis is down."""

    name: str
    rate: RateLimitItem
    guards: bool = True


# Many people may share an address (an office, a mobile network); an email is one person.
LOG_INS_FROM_ADDRESS = Limit("log-in-address", parse("60 per 5 minutes"))
LOG_INS_OF_EMAIL = Limit("log-in-email", parse("10 per 5 minutes"))
SIGN_UPS_FROM_ADDRESS = Limit("sign-up-address", parse("60 per hour"))
SIGN_UPS_OF_EMAIL = Limit("sign-up-email", parse("10 per hour"))
RESETS_FROM_ADDRESS = Limit("reset-address", parse("60 per hour"))
RESETS_OF_EMAIL = Limit("reset-email", parse("5 per hour"))
HOLDS_OF_PERSON = Limit("holds", parse("30 per minute"), guards=False)


class RateLimited(Exception):
    """Too often; `retry_after` seconds from now it would be allowed."""

    code = "RATE_LIMITED"
    message = "Too many attempts. Please wait and try again."

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(self.message)


def spend(limit: Limit, by: object) -> None:
    """Count one attempt of someone. Raises RateLimited where it is one too many."""
    if not settings.RATE_LIMITS:
        return
    # No email or address is kept in the clear.
    who = hashlib.sha256(str(by).encode()).hexdigest()[:32]
    limiter = _limiter(limit)
    while limiter is not None:
        try:
            if limiter.hit(limit.rate, limit.name, who):
                return
            wait = limiter.get_window_stats(limit.rate, limit.name, who).reset_time - time.time()
        except StorageError as error:
            _outage.begin(error)
            limiter = _limiter(limit)
        else:
            raise RateLimited(max(1, math.ceil(wait)))


def spend_log_in(request: HttpRequest, email: str) -> None:
    """Raises RateLimited."""
    spend(LOG_INS_FROM_ADDRESS, client_network(request))
    spend(LOG_INS_OF_EMAIL, email.strip().casefold())


def spend_sign_up(request: HttpRequest, email: str) -> None:
    """Raises RateLimited."""
    spend(SIGN_UPS_FROM_ADDRESS, client_network(request))
    spend(SIGN_UPS_OF_EMAIL, email.strip().casefold())


def spend_reset(request: HttpRequest, email: str) -> None:
    """Raises RateLimited."""
    spend(RESETS_FROM_ADDRESS, client_network(request))
    spend(RESETS_OF_EMAIL, email.strip().casefold())


def limited_form(
    spend_one: Callable[[HttpRequest, str], None], *, email_field: str
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Have a form's page answer 429, with the designed page, to those who post it too often."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if request.method == "POST":
                try:
                    spend_one(request, request.POST.get(email_field, ""))
                except RateLimited as error:
                    return too_often(request, error)
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def too_often(request: HttpRequest, error: RateLimited) -> HttpResponse:
    """The page that asks to wait."""
    response = render(request, "429.html", status=429)
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
    return _own() if limit.guards else None


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
