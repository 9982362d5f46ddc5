"""Error pages that Django would render without the request, and so without the visitor's theme."""

from django.http import HttpRequest, HttpResponse
from django.template import loader


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


def _page(request: HttpRequest, status: int) -> HttpResponse:
    """No context processor runs: what broke may be the database that one of them would ask."""
    return HttpResponse(
        loader.render_to_string(f"{status}.html", {"request": request}), status=status
    )
