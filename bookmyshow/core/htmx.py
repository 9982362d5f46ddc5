"""Pages whose live part htmx asks for at the same address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """What the htmx middleware makes of a request."""

    htmx: HtmxDetails


def page_or_part(
    request: HtmxHttpRequest, template: str, part: str, context: dict[str, object]
) -> HttpResponse:
    """The whole page, or its live part to htmx; going Back asks for the whole page again."""
    live = request.htmx and not request.htmx.history_restore_request
    response = render(request, f"{template}#{part}" if live else template, context)
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    return response
