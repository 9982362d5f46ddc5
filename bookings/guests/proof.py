"""Which guests' email addresses this session has proved, by opening a link that was mailed there.

It is not enough that a guest bought in this browser: anybody can type anybody's address.
"""

from django.http import HttpRequest

from accounts.guests.session import remember_linked
from accounts.models import User
from bookmyshow.core.email_key import account_hash

#: The session's key for guests whose mailed link was opened: the id, and a hash of the address.
PROVED = "guest_links_opened"
# A session is read by each request, so its list stays short.
MOST_PROVED = 20


def note_proof(request: HttpRequest, guest: User) -> None:
    """The mailed link of this guest was opened here. The browser may see the bookings from now on.

    The session gets a new key, as at a log-in.
    """
    request.session.cycle_key()
    remember_linked(request, guest.pk)
    others = [known for known in request.session.get(PROVED, ()) if known[0] != guest.pk]
    request.session[PROVED] = [[guest.pk, account_hash(guest.email)], *others][:MOST_PROVED]


def proved_ids(request: HttpRequest) -> list[int]:
    return [guest_id for guest_id, _ in request.session.get(PROVED, ())]


def is_proved(request: HttpRequest, guest: User) -> bool:
    """Whether a link that was mailed to the guest's address of now was opened in this session."""
    return [guest.pk, account_hash(guest.email)] in request.session.get(PROVED, [])
