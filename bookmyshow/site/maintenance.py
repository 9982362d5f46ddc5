"""With MAINTENANCE=on every page answers 503, and no view runs."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

RETRY_SECONDS = 300
# These still work, so that monitoring does.
OPEN = ("/api/health", "/metrics")


class MaintenanceMiddleware:
    """Answers 503 with Retry-After. With MAINTENANCE=off Django removes it from the chain."""

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
