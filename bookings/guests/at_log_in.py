"""At each log-in and sign-up on the site, the holds of the session's guest move to the account."""

import logging

from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError
from django.http import HttpRequest

from accounts.guests.session import guest_of
from accounts.models import User

from .moving import Moved, move_holds

log = logging.getLogger(__name__)


def connect_signals() -> None:
    """Called when the app starts."""
    user_logged_in.connect(_logged_in, dispatch_uid="guest-holds")


def _logged_in(sender: object, request: HttpRequest, user: User, **_signal: object) -> None:
    """Move the holds, and say on the next page what was swapped or refused.

    Nothing here may break the log-in: what can't move stays visible in this browser.
    """
    guest = guest_of(request)
    if guest is None:
        return
    try:
        moved = move_holds(guest=guest, to=user)
    except DatabaseError:
        log.exception("the holds of guest %s did not move to person %s", guest.pk, user.pk)
        return
    for text in sentences(moved):
        messages.warning(request, text, fail_silently=True)


def sentences(moved: Moved) -> list[str]:
    """What a person is told after a log-in. Nothing, if all holds simply moved."""
    seats = {hold.show_id: ", ".join(hold.seats) for hold in moved.holds}
    return [
        *(
            f"You were holding {', '.join(own.seats)} at this show already. We let them go and kept"
            f" {seats[own.show_id]}, which you chose just now."
            for own in moved.swapped
        ),
        *(
            f"Seats {', '.join(refused.hold.seats)} could not move to your account. "
            f"{refused.why.message} They stay on hold in this browser until their time is over."
            for refused in moved.refused
        ),
    ]
