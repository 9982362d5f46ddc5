"""Which guests' email addresses this session has proved, by opening a link that was mailed there.

It is not enough that a guest bought in this browser: anybody can type anybody's address.
"""

from django.http import HttpRequest

from accounts.guests.session import PROVED
from accounts.models import User
from bookmyshow.core.email_key import account_hash


def proved_ids(request: HttpRequest) -> list[int]:
    return [guest_id for guest_id, _ in request.session.get(PROVED, ())]


def is_proved(request: HttpRequest, guest: User) -> bool:
    """Whether a link that was mailed to the guest's address of now was opened in this session."""
    return [guest.pk, account_hash(guest.email)] in request.session.get(PROVED, [])
