"""Remembers in the browser how far the log of the database was after its last change.

Pages that read a replica compare it with what the replica has replayed, so that everybody sees
their own changes. It is a cookie, because a field of the session would cost a write to the
database. A position in the log is not a secret. With a changed cookie a browser gets pages from the
primary, or pages that are a moment old.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from . import replicas
from .failures import AWAY

#: A replica that is further behind is not used at all (replicas.MOST_SECONDS_BEHIND).
KEPT_SECONDS = 60
#: After a hold the cookie is not set: its result is shown only on pages that never use a replica.
NOT_REMEMBERED = frozenset({"bookings:hold"})


class OwnWritesMiddleware:
    """Sets the cookie after each request that may have changed something, if there is a replica."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.HAS_REPLICA:
            raise MiddlewareNotUsed
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return response
        if request.resolver_match and request.resolver_match.view_name in NOT_REMEMBERED:
            return response
        response.set_cookie(
            settings.WRITTEN_COOKIE_NAME,
            f"{_position():x}",
            max_age=KEPT_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
        return response


def _position() -> int:
    try:
        return replicas.position_of_primary()
    except AWAY:
        return replicas.UNKNOWN
