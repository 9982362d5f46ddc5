import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from . import metrics, request_id

log = logging.getLogger("bookmyshow.requests")

UNCHANGED = 204


class ObservabilityMiddleware:
    """Gives each request an id, and counts, times and logs it.

    It is the outermost middleware, so it measures the whole time of the request. The log has the
    view's name and not the path, because paths may contain tokens. Answers with 204 are counted but
    not logged: most of them are polls for which nothing has changed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        current_id = request_id.adopt(request.headers.get(request_id.HEADER))
        request.id = current_id  # type: ignore[attr-defined]
        response = self._get_response(request)
        response[request_id.HEADER] = current_id
        seconds = time.perf_counter() - started
        view = view_of(request)
        metrics.observe_request(view, request.method or "", response.status_code, seconds)
        if response.status_code != UNCHANGED:
            log.info(
                "%s %s %s",
                request.method,
                view,
                response.status_code,
                extra={"milliseconds": round(seconds * 1000, 1)},
            )
        return response


def view_of(request: HttpRequest) -> str:
    """The view's name (or route), "static" or "none": few values, so it can label a metric."""
    match = request.resolver_match
    if match is None:
        return "static" if request.path.startswith("/static/") else "none"
    return match.view_name or match.route
