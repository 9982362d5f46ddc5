"""Answers to htmx: a part of a page again from the same address, or another page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request with the attribute that django_htmx's middleware adds."""

    htmx: HtmxDetails


def page_or_part(
    request: HtmxHttpRequest, template: str, part: str, context: dict[str, object]
) -> HttpResponse:
    """Render the whole page, or only `part` for htmx. After Back, htmx gets the whole page."""
    live = request.htmx and not request.htmx.history_restore_request
    response = render(request, f"{template}#{part}" if live else template, context)
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    return response


def redirect_whole_page(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser to `address`: htmx would show a plain redirect inside the page's part."""
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(address)
    return redirect(address)
