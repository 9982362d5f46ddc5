"""Responses for htmx: a part of a page from the page's own address, or a redirect."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request with the attribute that django_htmx's middleware adds."""

    htmx: HtmxDetails


def page_or_part(
    request: HtmxHttpRequest, template: str, part: str, context: dict[str, object]
) -> HttpResponse:
    """Render only `part` for a request of htmx, otherwise the whole page.

    htmx also gets the whole page when it restores a page after Back.
    """
    live = request.htmx and not request.htmx.history_restore_request
    response = render(request, f"{template}#{part}" if live else template, context)
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    return response


def redirect_whole_page(request: HttpRequest, address: str, status: int = 302) -> HttpResponse:
    """Make the browser load `address` as a whole page.

    htmx would follow a plain redirect and put the new page into a part of the old one. Without htmx
    the answer has this status.
    """
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address, status=status)
