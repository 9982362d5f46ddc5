"""Sessions of staff end by themselves: STAFF_SESSION after the log-in, and STAFF_IDLE after the
last request. Django ends a session at its expiry; this moves the expiry on.
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
# A session is not written more often than this.
STEP = timedelta(minutes=1)
View = TypeVar("View", bound=Callable[..., Any])


def background(view: View) -> View:
    """Marks a view that pages poll. Its requests don't show that somebody uses the site."""
    view.is_background = True  # type: ignore[attr-defined]
    return view


def begin(session: SessionBase) -> None:
    session[UNTIL] = (timezone.now() + settings.STAFF_SESSION).isoformat()
    _move_expiry(session)


def _move_expiry(session: SessionBase) -> None:
    idle_end = timezone.now() + settings.STAFF_IDLE
    session.set_expiry(min(idle_end, datetime.fromisoformat(session[UNTIL])))


class StaffSessionMiddleware:
    """Moves the expiry after each request that read the session; other requests cost nothing."""

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
                # It began before the person was staff, or under an earlier version of the site.
                begin(session)
        return response


def _logged_in(sender: object, request: HttpRequest, user: User, **_signal: object) -> None:
    if user.is_staff:
        begin(request.session)


def watch() -> None:
    """Called as the app starts."""
    user_logged_in.connect(_logged_in, dispatch_uid="staff-session")
