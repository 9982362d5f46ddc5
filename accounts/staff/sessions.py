"""A staff session ends STAFF_SESSION after the log-in, or STAFF_IDLE after the last request.

The earlier of the two times counts. Django ends a session at its expiry date; the middleware here
moves that date after requests, but not beyond STAFF_SESSION. Polls by an open page don't move it.
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

# The session's key for its latest possible end, as an ISO date and time.
UNTIL = "staff_until"
# After the expiry was moved, requests within this time don't move it again, so they don't write the
# session. In the last STAFF_IDLE before the latest end, each request writes it.
STEP = timedelta(minutes=1)
View = TypeVar("View", bound=Callable[..., Any])


def background(view: View) -> View:
    """Mark a view that open pages poll. Requests to it don't extend the session."""
    view.is_background = True  # type: ignore[attr-defined]
    return view


def begin(session: SessionBase) -> None:
    """Make this a staff session that starts now: set its latest end and its expiry."""
    session[UNTIL] = (timezone.now() + settings.STAFF_SESSION).isoformat()
    _move_expiry(session)


def _move_expiry(session: SessionBase) -> None:
    """Expire the session STAFF_IDLE from now, but not after its latest end."""
    idle_end = timezone.now() + settings.STAFF_IDLE
    session.set_expiry(min(idle_end, datetime.fromisoformat(session[UNTIL])))


class StaffSessionMiddleware:
    """Extends a staff session after requests that read it, except polls.

    Requests that don't read the session cost no query.
    """

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
                # The log-in did not begin a staff session: the person was not staff yet, or an
                # earlier release was running.
                begin(session)
        return response


def _logged_in(sender: object, request: HttpRequest, user: User, **_signal: object) -> None:
    if user.is_staff:
        begin(request.session)


def connect_signals() -> None:
    """Begin a staff session at each log-in of staff. Called when the app starts."""
    user_logged_in.connect(_logged_in, dispatch_uid="staff-session")
