"""Who buys in this browser: the person who is logged in, or the guest of the session.

A session has the id of at most one guest, and the ids of guests whose mailed link was opened in it.
Log-out ends the session, so both are forgotten then. A log-in keeps them.
"""

from functools import cache

from django.http import HttpRequest

from accounts.models import User
from bookmyshow.core.db.prepared import prepared_row, statement
from bookmyshow.core.email_key import account_hash

#: The session's key for its guest, and for guests whose mailed link was opened (newest first).
GUEST = "guest"
LINKED = "guest_links"
#: The session's key for links that were opened: the guest's id, and a hash of the address then.
PROVED = "guest_links_opened"
# A session is read by each request, so its lists stay short.
MOST_LINKED = MOST_PROVED = 20


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
    log-in does not take away what was bought in this browser before it. A mailed link lets in until
    the guest's address changes: the mail may have gone to a stranger, by a mistyped address.
    """
    known = [request.user] if isinstance(request.user, User) else []
    own, proofs = request.session.get(GUEST), dict(request.session.get(PROVED, ()))
    ids = dict.fromkeys(filter(None, [own, *request.session.get(LINKED, ())]))
    guests = [guest for guest in map(_guest, ids) if guest]
    return [
        *known,
        *(
            guest
            for guest in guests
            if guest.pk == own
            or guest.pk not in proofs
            or proofs[guest.pk] == account_hash(guest.email)
        ),
    ]


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


def note_proof(request: HttpRequest, guest: User) -> None:
    """The mailed link of this guest was opened here. The browser may see the bookings from now on.

    The session gets a new key, as at a log-in.
    """
    request.session.cycle_key()
    remember_linked(request, guest.pk)
    others = [known for known in request.session.get(PROVED, ()) if known[0] != guest.pk]
    request.session[PROVED] = [[guest.pk, account_hash(guest.email)], *others][:MOST_PROVED]


def _guest(guest_id: int) -> User | None:
    found = prepared_row(User, _guest_by_id(), [guest_id])
    return found if found and found.is_active else None


@cache
def _guest_by_id() -> str:
    """The SQL, built once, as for people with an account (`accounts.backends`)."""
    return statement(User.objects.filter(pk=0, is_guest=True).order_by())
