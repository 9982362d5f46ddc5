"""The pages for status 400, 405, 500 and 503.

Django's own handlers render them without the request. These pages get the request, because the
visitor's theme depends on it.
"""

import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.urls import Resolver404, resolve

from bookmyshow.core.db.failures import AWAY, RETRY_SECONDS, may_be_done

# For each view of a booking: the change that may have been made before the answer was lost.
POSSIBLE_CHANGES = {
    "bookings:hold": "your seats are held",
    "bookings:confirm": "your booking is confirmed",
    "bookings:release": "your seats were released",
    "bookings:cancel": "your booking is cancelled",
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "400.html", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 if the database does not work (see `unavailable`)."""
    error = sys.exception()
    if isinstance(error, AWAY):
        return unavailable(request, error)
    return _page(request, "500.html", 500)


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer 503. The page says that nothing was changed, or that a change may have been saved."""
    view = request.resolver_match.view_name if request.resolver_match else ""
    response = _page(
        request,
        "errors/database_away.html",
        503,
        may_be_done=may_be_done(request, error),
        wanted=POSSIBLE_CHANGES.get(view, "what you sent was saved"),
        is_booking=view in POSSIBLE_CHANGES,
    )
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


class WrongMethodMiddleware:
    """Gives a page to people who open an address that only a button can use (status 405).

    Its link leads to the nearest page above that address, such as the booking of `…/confirm/`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.method != "GET" or response.content:
            return response
        if request.accepts("text/html") and "Accept" in request.headers:
            page = _page(request, "405.html", 405, page=page_above(request.path_info))
            page["Allow"] = response["Allow"]
            return page
        return response


def page_above(path: str) -> str:
    """The nearest page whose address `path` continues; "/" if there is no other."""
    parts = path.strip("/").split("/")[:-1]
    while parts:
        above = f"/{'/'.join(parts)}/"
        try:
            view = resolve(above).func
        except Resolver404:
            view = None
        # Fragments of pages are marked as polls.
        if view is not None and not getattr(view, "is_background", False):
            return above
        parts.pop()
    return "/"


def _page(request: HttpRequest, template: str, status: int, **context: object) -> HttpResponse:
    """Render without context processors, because one of them queries the database."""
    page = loader.render_to_string(template, {"request": request, **context})
    return HttpResponse(page, status=status)
