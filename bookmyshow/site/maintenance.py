"""With MAINTENANCE=on all paths answer 503 without calling a view, except the paths in OPEN."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

RETRY_SECONDS = 300
# Paths that begin with these still reach their views, so that monitoring goes on.
OPEN = ("/api/health", "/metrics")


class MaintenanceMiddleware:
    """Answers 503 with Retry-After: JSON for the API, a page for everything else.

    With MAINTENANCE=off it raises MiddlewareNotUsed, and Django leaves it out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.MAINTENANCE:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN):
            return self.get_response(request)
        response: HttpResponse
        if request.path.startswith("/api/"):
            message = "Closed for maintenance. Please try again later."
            error = {"code": "SERVICE_UNAVAILABLE", "message": message}
            response = JsonResponse({"success": False, "error": error}, status=503)
        else:
            response = HttpResponse(
                render_to_string("errors/maintenance.html", {"request": request}), status=503
            )
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
