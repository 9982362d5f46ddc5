"""Who buys in this browser: the person who is logged in, or the guest of the session.

A session has the id of at most one guest, and the ids of guests whose mailed link was opened in it.
Log-out ends the session, so both are forgotten then. A log-in keeps them.
"""

from functools import cache

from django.http import HttpRequest

from accounts.models import User
from bookmyshow.core.db.prepared import prepared_row, statement

#: The session's key for its guest, and for guests whose mailed link was opened (newest first).
GUEST = "guest"
LINKED = "guest_links"
# A session is read by each request, so its list of ids stays short.
MOST_LINKED = 20


def guest_of(request: HttpRequest) -> User | None:
    """The guest of this session. Without one, or without a session, this costs no statement."""
    guest_id = request.session.get(GUEST)
    return _guest(guest_id) if guest_id else None


def buyer(request: HttpRequest) -> User | None:
    """The person who is logged in, else the session's guest. None for a visitor who has neither."""
    return request.user if isinstance(request.user, User) else guest_of(request)


def people(request: HttpRequest) -> list[User]:
    """Whose bookings this browser may see. The first one is the buyer, if there is one.

    These are the buyer, the session's guest, and the guests whose mailed link was opened here. A
    log-in does not take away what was bought in this browser before it.
    """
    known = [request.user] if isinstance(request.user, User) else []
    ids = [request.session.get(GUEST), *request.session.get(LINKED, ())]
    return [*known, *filter(None, map(_guest, dict.fromkeys(filter(None, ids))))]


def begin_session_of(request: HttpRequest, guest: User) -> None:
    """Make `guest` the guest of this session. An earlier guest stays one of `people`.

    The session gets a new key, as at a log-in: a key that somebody else knew before must not open
    what is bought from now on.
    """
    earlier = request.session.get(GUEST)
    if request.session.session_key:
        request.session.cycle_key()
    request.session[GUEST] = guest.pk
    if earlier and earlier != guest.pk:
        remember_linked(request, earlier)


def remember_linked(request: HttpRequest, guest_id: int) -> None:
    """Let this browser see the bookings of a guest. The caller has checked the right to it."""
    others = [known for known in request.session.get(LINKED, ()) if known != guest_id]
    request.session[LINKED] = [guest_id, *others][:MOST_LINKED]


def _guest(guest_id: int) -> User | None:
    found = prepared_row(User, _guest_by_id(), [guest_id])
    return found if found and found.is_active else None


@cache
def _guest_by_id() -> str:
    """The SQL, built once, as for people with an account (`accounts.backends`)."""
    return statement(User.objects.filter(pk=0, is_guest=True).order_by())
