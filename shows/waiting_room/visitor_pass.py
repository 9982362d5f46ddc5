"""The pass in a visitor's browser: who may open the shows of an on-sale, and for how long.

The check-in at the cinema is in bookings/door.
"""

from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from shows.models import Show

from . import passes
from .errors import PassRequired
from .join_and_enter import is_inside


def own_pass(request: HttpRequest, on_sale_id: int) -> passes.Pass | None:
    """The visitor's pass for this on-sale, if their browser has a valid one and their turn has not
    ended. One read for those who have one.
    """
    found = signed_pass(request, on_sale_id)
    return found if found and is_inside(on_sale_id, found.user_id) else None


def signed_pass(request: HttpRequest, on_sale_id: int) -> passes.Pass | None:
    """The pass in the visitor's browser whose time is not over. No statement."""
    texts = passes.of_cookies(request.COOKIES)
    if not texts or not isinstance(request.user, User):
        return None
    try:
        return passes.check_any(texts, on_sale_id, request.user.pk, timezone.now())
    except PassRequired:
        return None


class LetIn(NamedTuple):
    """How long the viewer of a show may choose seats."""

    #: On the cinema's clock.
    ends: datetime
    seconds: int


def let_in(request: HttpRequest, show: Show) -> LetIn | None:
    """None for a show without a waiting room, or for a viewer without its pass. No statement."""
    found = signed_pass(request, show.on_sale_id) if show.on_sale_id else None
    if found is None:
        return None
    left = (found.ends_at - timezone.now()).total_seconds()
    return LetIn(found.ends_at.astimezone(show.screen.cinema.tz), int(left))
