"""Receives the page-load times that browsers measured (`static/js/vitals.js`, once per page).

Browsers send them from pages of this site only, and each address has a limit. A program that sets
its own headers can still send false times within that limit. So use the median of many visitors,
and do not base alerts on extreme values.
"""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from limits import parse

from bookmyshow.core.bucket import Bucket
from bookmyshow.core.client_address import client_network
from bookmyshow.core.own_pages import is_from_here
from bookmyshow.core.rate_limits import Limit, RateLimited, count_attempt

from . import metrics

MOST_BYTES = 1_000
#: Larger values are ignored: a laptop that slept, or a false value.
MOST_SECONDS = 120.0
MOST_SHIFT = 10.0
TIMES = ("TTFB", "FCP", "LCP", "INP")


#: One person opens a page every few seconds at most, but an office may share an address.
VITALS_FROM_ADDRESS = Limit("vitals", parse("120 per minute"), in_memory_fallback=False)
bucket = Bucket(rate=50, burst=200)


@csrf_exempt  # It changes no personal data, and the beacon of a closing page has no CSRF token.
@require_POST
def vitals(request: HttpRequest) -> HttpResponse:
    """Receive `{"path", "TTFB", "FCP", "LCP", "INP", "CLS"}`, times in milliseconds.

    Answers 204. Refusals: 403 (another site's page), 429 (too many), 413 (too long), 400 (invalid).
    """
    if not is_from_here(request):
        return HttpResponse(status=403)
    try:
        count_attempt(VITALS_FROM_ADDRESS, client_network(request))
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


def measure(value: Any, *, most: float) -> float | None:
    """The value if it is a number from 0 to `most`, otherwise None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        return None
    return float(value)
