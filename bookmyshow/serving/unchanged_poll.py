"""Answers seat-map polls without Django if the map has not changed (docs/spec.md §5.2).

This is the most frequent request of the site: every open seat map asks every five seconds whether
its version is still current, and nearly always it is. The answer needs one read of the cache, and
no Django request object, middleware or session.
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
# If `v` is given twice, the last one counts. The version of a final map (the show has begun or is
# cancelled) has a prefix, so it does not match, and the view answers the poll with 286.
VERSION = re.compile(r"(?:.*&)?v=([0-9a-f]{20})(?:&(?!v=)[^&]*)*")
UNCHANGED = "204 No Content"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class UnchangedPolls:
    """WSGI middleware that answers a poll with 204 if the client's map is the current one.

    The headers are copied from the first 204 of the view: they are the same for all clients. Only
    the request id is new. The metrics count these answers like those of the view.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._headers: list[tuple[str, str]] | None = None
        self._view = ""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        poll = _parse_poll(environ)
        if poll is None:
            return self._application(environ, start_response)
        if self._headers is None:
            return self._application(environ, self._remember_headers(environ, start_response))
        show_id, version = poll
        if seatmap.current_version(show_id) != version:
            return self._application(environ, start_response)
        adopted = request_id.adopt(environ.get("HTTP_X_REQUEST_ID"))
        start_response(UNCHANGED, [*self._headers, (request_id.HEADER, adopted)])
        metrics.observe_request(self._view, "GET", 204, time.perf_counter() - started)
        return ()

    def _remember_headers(self, environ: Environ, start_response: StartResponse) -> StartResponse:
        """A start_response that also stores the headers if the view answers 204."""

        def remember(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            names = {name.lower() for name, _ in headers}
            if status == UNCHANGED and "set-cookie" not in names:
                self._view = resolve(environ["PATH_INFO"]).view_name
                self._headers = [h for h in headers if h[0] != request_id.HEADER]
            return start_response(status, headers, *rest)

        return remember


def _parse_poll(environ: Environ) -> tuple[int, str] | None:
    """The show's id and the version of a poll; None for requests that only Django answers."""
    path = PATH.fullmatch(environ.get("PATH_INFO", ""))
    if path is None or environ["REQUEST_METHOD"] != "GET":
        return None
    version = VERSION.fullmatch(environ.get("QUERY_STRING", ""))
    safe = not settings.SECURE_SSL_REDIRECT or environ["wsgi.url_scheme"] == "https"
    if version is None or not safe or not _is_allowed_host(environ.get("HTTP_HOST", "")):
        return None
    return int(path[1]), version[1]


@lru_cache(maxsize=64)
def _is_allowed_host(host: str) -> bool:
    """Whether the Host header names one of ALLOWED_HOSTS. Django answers 400 to others."""
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
