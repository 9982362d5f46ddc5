"""Sessions of staff end STAFF_SESSION after the log-in, or STAFF_IDLE after the last request.

Django ends a session at its expiry; the middleware here extends the expiry.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.models import User
from accounts.two_factor.services import is_staff_page

UNTIL = "staff_until"
# A session is written at most once in this time.
STEP = timedelta(minutes=1)
View = TypeVar("View", bound=Callable[..., Any])


def background(view: View) -> View:
    """Decorator for a view that pages poll: its requests don't extend the session."""
    view.is_background = True  # type: ignore[attr-defined]
    return view


def begin(session: SessionBase) -> None:
    session[UNTIL] = (timezone.now() + settings.STAFF_SESSION).isoformat()
    _move_expiry(session)


def _move_expiry(session: SessionBase) -> None:
    idle_end = timezone.now() + settings.STAFF_IDLE
    session.set_expiry(min(idle_end, datetime.fromisoformat(session[UNTIL])))


class StaffSessionMiddleware:
    """Extends the expiry after each request that read the session; other requests cost nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        session, match = request.session, request.resolver_match
        if session.accessed and not getattr(match and match.func, "is_background", False):
            if UNTIL in session:
                if session.get_expiry_date() < timezone.now() + settings.STAFF_IDLE - STEP:
                    _move_expiry(session)
            elif is_staff_page(request.path_info) and getattr(request.user, "is_staff", False):
                # The session began before the person was staff, or in an earlier release.
                begin(session)
        return response


def _logged_in(sender: object, request: HttpRequest, user: User, **_signal: object) -> None:
    if user.is_staff:
        begin(request.session)


def connect_signals() -> None:
    """Set the start of a session at each log-in. Called when the app starts."""
    user_logged_in.connect(_logged_in, dispatch_uid="staff-session")
