"""The unchanged poll, answered before the rest of the middleware (SPEC §5).

It is the hottest request of the product: every open map asks every five seconds whether its version
is still the current one, and nearly always it is. That takes one read of the cache and nothing of
what the middleware further in prepares: no session, no person, no messages.
"""

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch, resolve

from shows import seatmap

NOTHING_NEW = 204
PATH = re.compile(r"/shows/([0-9]{1,18})/seats/")
# A final version is no plain hash, and so gets the view's 286.
VERSION = re.compile(r"(?:.*&)?v=([0-9a-f]{20})(?:&.*)?")


class UnchangedPollMiddleware:
    """Says 204 to a map that is current, with the headers that the whole chain gives that answer.

    They are those of the first such answer, which is the view's; it depends on no viewer. Metrics
    and the request's id come from the middleware outside of this one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._headers: dict[str, str] | None = None
        self._match: ResolverMatch | None = None

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = PATH.fullmatch(request.path_info)
        if path is None or request.method != "GET":
            return self._get_response(request)
        version = VERSION.fullmatch(request.META.get("QUERY_STRING", ""))
        if version is None or (settings.SECURE_SSL_REDIRECT and not request.is_secure()):
            return self._get_response(request)
        if self._headers is None:
            return self._learn(request)
        if not _for_us(request) or seatmap.current_version(int(path[1])) != version[1]:
            return self._get_response(request)
        request.resolver_match = self._match
        response = HttpResponse(status=NOTHING_NEW, headers=self._headers)
        del response["Content-Type"]
        return response

    def _learn(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if response.status_code == NOTHING_NEW and not response.cookies:
            self._match = resolve(request.path_info)
            self._headers = dict(response.items())
        return response


def _for_us(request: HttpRequest) -> bool:
    """Whether the host it names is ours; CommonMiddleware refuses others."""
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True
