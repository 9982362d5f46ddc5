"""The JSON API under /api/: combines the routers of all apps, and serves the OpenAPI document."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.operation import Operation
from pydantic.alias_generators import to_camel

from bookmyshow.core.api.errors import handle_problems, problem
from bookmyshow.core.api.http_semantics import with_http_semantics
from bookmyshow.core.api.openapi import describe
from bookmyshow.core.api.parser import StrictParser
from bookmyshow.core.api.responses import PUBLIC
from bookmyshow.core.errors import NotFound

from . import health

DESCRIPTION = """\
Films, shows, seats and bookings as JSON.

Success is `{"success": true, "data": …}`; lists add `pagination`. Failure is
`{"success": false, "error": {"code", "message", "details"?}}`. Checks come in this order: 401, 403,
then 400, then 404 and 409. Times have the cinema's offset, money is text with two decimals.
Cookies are no credential here: send the token of a log-in as `Authorization: Bearer <token>`."""

MADE, FIRST = "$response.body#/data/id", "$response.body#/data/0/id"
# OpenAPI's links, by the operationId of an endpoint: the operations that can follow, and the value
# of its answer that each one needs.
LINKS: dict[str, Any] = {
    "createMovie": {
        "read": {"operationId": "readMovie", "parameters": {"id": MADE}},
        "replace": {"operationId": "replaceMovie", "parameters": {"id": MADE}},
        "delete": {"operationId": "deleteMovie", "parameters": {"id": MADE}},
    },
    "createShow": {
        "read": {"operationId": "readShow", "parameters": {"id": MADE}},
        "delete": {"operationId": "deleteShow", "parameters": {"id": MADE}},
    },
    "listMovies": {
        "read": {"operationId": "readMovie", "parameters": {"id": FIRST}},
        "shows": {"operationId": "listShows", "parameters": {"query.movieId": FIRST}},
    },
    "listShows": {
        "read": {"operationId": "readShow", "parameters": {"id": FIRST}},
        "hold": {"operationId": "holdSeats", "requestBody": {"showId": FIRST}},
    },
    "holdSeats": {
        "read": {"operationId": "readBooking", "parameters": {"id": MADE}},
        "confirm": {"operationId": "confirmBooking", "parameters": {"id": MADE}},
        "check out": {"operationId": "checkOut", "parameters": {"id": MADE}},
        "give back": {"operationId": "giveBackBooking", "parameters": {"id": MADE}},
        "read by reference": {
            "operationId": "readBookingByReference",
            "parameters": {"reference": "$response.body#/data/bookingReference"},
        },
    },
}


class JsonApi(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return to_camel(operation.view_func.__name__)


api = JsonApi(
    title="BookMyShow",
    version="1.0.0",
    description=DESCRIPTION,
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    parser=StrictParser(),
    servers=[{"url": "/"}],
)
handle_problems(api)
# This is also the order of the sections on /api/docs.
api.add_router("/auth", "accounts.api.router")
api.add_router("/movies", "shows.listings.api.router")
api.add_router("/shows", "shows.api.router")
api.add_router("/waiting-rooms", "shows.waiting_room.api.router")
api.add_router("/bookings", "bookings.api.router")
api.add_router("/bookings", "bookings.documents.api.router")
api.add_router("/auth/bookings", "bookings.api.own_router")
api.add_router("/health", health.router)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document. Each process makes it once."""
    return describe(api, LINKS)


@with_http_semantics
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    response = JsonResponse(document(), json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = PUBLIC
    return response


@with_http_semantics
def unknown(request: HttpRequest) -> HttpResponse:
    return problem(NotFound("There is no such address. /api/docs lists those there are."))


def _endpoints() -> Iterator[URLPattern]:
    for pattern in api.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            yield URLPattern(
                pattern.pattern,
                with_http_semantics(pattern.callback),
                pattern.default_args,
                pattern.name,
            )


app_name = "api"
urlpatterns = [
    *_endpoints(),
    path("openapi.json", openapi, name="openapi"),
    re_path("", unknown, name="unknown"),
]
