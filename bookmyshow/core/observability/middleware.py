import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from . import metrics, request_id

log = logging.getLogger("bookmyshow.requests")

NOTHING_NEW = 204


class WatchMiddleware:
    """Gives each request an id, and counts, times and logs it.

    The outermost middleware: what it times is all that the server does. The log names the route,
    not the path: addresses may hold tokens. Polls that found nothing new are counted only.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        found = request_id.adopt(request.headers.get(request_id.HEADER))
        request.id = found  # type: ignore[attr-defined]
        response = self._get_response(request)
        response[request_id.HEADER] = found
        seconds = time.perf_counter() - started
        view = view_of(request)
        metrics.observe_request(view, request.method or "", response.status_code, seconds)
        if response.status_code != NOTHING_NEW:
            log.info(
                "%s %s %s",
                request.method,
                view,
                response.status_code,
                extra={"milliseconds": round(seconds * 1000, 1)},
            )
        return response


def view_of(request: HttpRequest) -> str:
    """The view's name; few values whatever is asked for, so that it can be a metric's label."""
    match = request.resolver_match
    if match is None:
        return "static" if request.path.startswith("/static/") else "none"
    return match.view_name or match.route
