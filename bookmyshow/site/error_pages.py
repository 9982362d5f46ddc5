"""Error pages that Django would render without the request, and so without the visitor's theme."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader

from bookmyshow.core.db.failures import AWAY, RETRY_SECONDS, may_be_done

# By view, what may have been done before its answer was lost.
WANTED = {
    "bookings:hold": "your seats are held",
    "bookings:confirm": "your booking is confirmed",
    "bookings:release": "your seats were released",
    "bookings:cancel": "your booking is cancelled",
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "400.html", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; where the database failed, 503 with what is known."""
    error = sys.exception()
    if isinstance(error, AWAY):
        return unavailable(request, error)
    return _page(request, "500.html", 500)


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """503: nothing was changed, or we don't know whether it was."""
    view = request.resolver_match.view_name if request.resolver_match else ""
    response = _page(
        request,
        "unavailable.html",
        503,
        may_be_done=may_be_done(request, error),
        wanted=WANTED.get(view, "what you sent was saved"),
        is_booking=view in WANTED,
    )
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _page(request: HttpRequest, template: str, status: int, **context: object) -> HttpResponse:
    """No context processor runs: what broke may be the database that one of them would ask."""
    page = loader.render_to_string(template, {"request": request, **context})
    return HttpResponse(page, status=status)
