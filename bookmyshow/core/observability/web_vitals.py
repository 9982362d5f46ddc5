"""Page loads as browsers saw them: `static/js/vitals.js` sends its measures here, once a page.

From a browser only a page of this site can send them, and each address has a limit. A program that
writes its own headers can still send untrue times within that limit. So read these figures as a
median over many visitors, and base no alert on their extremes.
"""

import json
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from limits import parse

from bookmyshow.core.client_address import client_network
from bookmyshow.core.rate_limits import Limit, RateLimited, spend

from . import metrics

MOST_BYTES = 1_000
#: A measure beyond this is a laptop that slept, or a lie.
MOST_SECONDS = 120.0
MOST_SHIFT = 10.0
TIMES = ("TTFB", "FCP", "LCP", "INP")


class Bucket:
    """So many a second in this process, and a burst; what is beyond is not worth counting."""

    def __init__(self, *, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


#: A person opens a page every few seconds at most; an office shares an address.
VITALS_FROM_ADDRESS = Limit("vitals", parse("120 per minute"), guards=False)
bucket = Bucket(rate=50, burst=200)


@csrf_exempt  # Changes nothing of anybody's, and a page's last breath carries no header.
@require_POST
def vitals(request: HttpRequest) -> HttpResponse:
    """Take `{"path", "TTFB", "FCP", "LCP", "INP", "CLS"}`, times in milliseconds; says nothing."""
    if not is_from_here(request):
        return HttpResponse(status=403)
    try:
        spend(VITALS_FROM_ADDRESS, client_network(request))
    except RateLimited as error:
        return HttpResponse(status=429, headers={"Retry-After": str(error.retry_after)})
    if not bucket.take():
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        sent = json.loads(request.body[:MOST_BYTES])
        view = resolve(sent["path"]).view_name
    except (ValueError, KeyError, TypeError, RecursionError, Resolver404):
        return HttpResponse(status=400)
    for name in TIMES:
        seconds = measure(sent.get(name), most=MOST_SECONDS * 1000)
        if seconds is not None:
            metrics.PAGE_LOADS.labels(name, view).observe(seconds / 1000)
    shift = measure(sent.get("CLS"), most=MOST_SHIFT)
    if shift is not None:
        metrics.LAYOUT_SHIFTS.labels(view).observe(shift)
    return HttpResponse(status=204)


def is_from_here(request: HttpRequest) -> bool:
    """Whether a browser says that a page of this very host sent it."""
    origin = request.headers.get("Origin", "")
    return urlsplit(origin).netloc == request.get_host()


def measure(value: Any, *, most: float) -> float | None:
    """The value, where it is a number that can be true."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        return None
    return float(value)
