"""The link that leads a guest back to their bookings, in any browser (docs/spec.md §19.4).

It is mailed, and never stored. It is signed with the key of tickets, so a new SECRET_KEY ends no
link. It has a hash of the address that it is mailed to. So it ends when staff correct the
address, and when an account takes the guest's bookings.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.errors import LinkNotValid
from accounts.models import User
from bookings.models import Booking
from bookmyshow.core.email_key import email_key
from bookmyshow.core.mail import site_link
from bookmyshow.core.security import keep_address_secret
from bookmyshow.core.time import database_now

# Do not change the salt: links that were mailed would end.
SALT = "bookings.guest-link"
#: How long a link lives after the guest's last show.
LIVES_ON = timedelta(days=30)


View = Callable[[HttpRequest, str], HttpResponse]


class GuestLink(NamedTuple):
    """What a link contains: the guest that it opens, and the reference of a booking."""

    guest: User
    reference: str


def guest_link(booking: Booking) -> str:
    """The absolute address of the link to this booking, for a mail. "" if it is an account's."""
    guest = booking.user
    if not guest.is_guest or not guest.email:
        return ""
    return site_link(reverse("bookings:guest-link", args=[link_token(booking)]))


def link_token(booking: Booking) -> str:
    """The token of the link to a guest's booking."""
    names = [booking.user_id, _hash(booking.user.email), booking.reference]
    return signing.dumps(names, key=settings.TICKET_KEY, salt=SALT)


def read_link(token: str) -> GuestLink:
    """The guest and the booking of a link. Raises LinkNotValid: forged, cut off or ended."""
    pk, address, reference = _signed(token)
    guest = User.objects.filter(pk=pk, is_guest=True).first()
    if guest is None or _hash(guest.email) != address or not link_lives(guest):
        raise LinkNotValid
    return GuestLink(guest, reference)


def reference_of(token: str) -> str:
    """The reference in a link, also if the link has ended. "" if this site did not make it."""
    try:
        return _signed(token)[2]
    except LinkNotValid:
        return ""


def link_lives(guest: User) -> bool:
    """Whether the guest has bookings, and the last show was not too long ago."""
    last = Booking.objects.filter(user=guest).aggregate(end=Max("show__ends_at"))["end"]
    return last is not None and database_now() < last + LIVES_ON


def _hash(email: str) -> str:
    """Not keyed: the whole token is signed, and a new SECRET_KEY must not change it."""
    return hashlib.sha256(email_key(email).encode()).hexdigest()[:16]


def _signed(token: str) -> tuple[int, str, str]:
    try:
        pk, address, reference = signing.loads(
            token,
            key=settings.TICKET_KEY,
            fallback_keys=[*settings.TICKET_KEY_FALLBACKS],
            salt=SALT,
        )
    except (signing.BadSignature, ValueError) as error:
        raise LinkNotValid from error
    return pk, address, reference


def secret_address(view: View) -> View:
    """For the page of the link, whatever it answers."""

    @wraps(view)
    def with_headers(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        keep_address_secret(response)
        return response

    return with_headers
