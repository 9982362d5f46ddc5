"""The unchanged poll, answered before Django is asked (docs/spec.md §5.2).

It is the hottest request of the product: every open map asks every five seconds whether its version
is still the current one, and nearly always it is. That takes one read of the cache and nothing of
what Django prepares for a page: no request object, no middleware, no session.
"""

import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.urls import resolve

from bookmyshow.core.observability import metrics, request_id
from shows.seatmap import current as seatmap

PATH = re.compile(r"/shows/([0-9]{1,18})/seats/")
# The last one counts. A final version is no plain hash, and so gets the view's 286.
VERSION = re.compile(r"(?:.*&)?v=([0-9a-f]{20})(?:&(?!v=)[^&]*)*")
NOTHING_NEW = "204 No Content"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class UnchangedPolls:
    """The application, but a map that is current is told so at once.

    The headers are those of the view's first such answer, which depends on no viewer; the request's
    id and the metrics are as for any request.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._headers: list[tuple[str, str]] | None = None
        self._view = ""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        asked = _asked(environ)
        if asked is None:
            return self._application(environ, start_response)
        if self._headers is None:
            return self._application(environ, self._learning(environ, start_response))
        show_id, version = asked
        if seatmap.current_version(show_id) != version:
            return self._application(environ, start_response)
        found = request_id.adopt(environ.get("HTTP_X_REQUEST_ID"))
        start_response(NOTHING_NEW, [*self._headers, (request_id.HEADER, found)])
        metrics.observe_request(self._view, "GET", 204, time.perf_counter() - started)
        return ()

    def _learning(self, environ: Environ, start_response: StartResponse) -> StartResponse:
        """Passes on what the application answers, and keeps the headers if it is what we say."""

        def learn(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            names = {name.lower() for name, _ in headers}
            if status == NOTHING_NEW and "set-cookie" not in names:
                self._view = resolve(environ["PATH_INFO"]).view_name
                self._headers = [h for h in headers if h[0] != request_id.HEADER]
            return start_response(status, headers, *rest)

        return learn


def _asked(environ: Environ) -> tuple[int, str] | None:
    """The show and version that a poll asks about, if it is one that Django would answer."""
    path = PATH.fullmatch(environ.get("PATH_INFO", ""))
    if path is None or environ["REQUEST_METHOD"] != "GET":
        return None
    version = VERSION.fullmatch(environ.get("QUERY_STRING", ""))
    safe = not settings.SECURE_SSL_REDIRECT or environ["wsgi.url_scheme"] == "https"
    if version is None or not safe or not _is_ours(environ.get("HTTP_HOST", "")):
        return None
    return int(path[1]), version[1]


@lru_cache(maxsize=64)
def _is_ours(host: str) -> bool:
    """Whether the host it names is ours; Django refuses others."""
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
