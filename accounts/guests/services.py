"""Begins guests and takes their details (docs/spec.md §19)."""

from collections.abc import Callable

from django.http import HttpRequest
from django.utils import timezone
from limits import parse

from accounts.errors import TooManyGuests
from accounts.models import User
from bookmyshow.core.email_key import email_key
from bookmyshow.core.rate_limits import Limit, RateLimited, count_attempt_by_address

from .session import begin_session_of

# A guest begins once for each browser, so this is a number of people. Many of them can share an
# address (a mobile network, an office): at an opening night some hundreds may come to the site
# within ten minutes, and most of them only look (docs/spec.md §19.3). While Redis is down nobody is
# refused, so that selling continues.
GUESTS_FROM_ADDRESS = Limit("guests-address", parse("120 per 10 minutes"), in_memory_fallback=False)

# Functions of other apps: whether something was bought, ordered or asked for as this guest.
_uses: list[Callable[[User], bool]] = []


def add_use(is_used: Callable[[User], bool]) -> None:
    """Register another app's function: whether something of lasting value belongs to a guest."""
    _uses.append(is_used)


def begin_guest(request: HttpRequest) -> User:
    """Create a guest for this browser and put it into the session. Raises TooManyGuests.

    Only a POST calls it. The guest has no name and no email yet (`give_details`).
    """
    try:
        count_attempt_by_address(GUESTS_FROM_ADDRESS, request)
    except RateLimited as error:
        raise TooManyGuests(error.retry_after) from error
    guest = User.objects.create_guest()
    begin_session_of(request, guest)
    return guest


def give_details(*, guest: User, name: str, email: str, phone: str) -> User:
    """Save a guest's details; returns the guest who has them now.

    It is another guest if this one has bought something under another email: tickets keep the
    address that they were sent to. The caller then moves the hold (`bookings.guests.moving`) and
    calls `session.begin_session_of`. Nobody has proved the email, so `email_confirmed_at` is
    emptied when it changes. No account with this email is looked at.
    """
    email = User.objects.normalize_email(email)
    changes_address = email_key(guest.email) != email_key(email)
    if changes_address and guest.email and any(is_used(guest) for is_used in _uses):
        guest = User.objects.create_guest()
    elif changes_address:
        guest.email_confirmed_at = None
    guest.name, guest.email, guest.phone = name, email, phone
    # A guest whose data was deleted meanwhile gets no details again.
    User.objects.filter(pk=guest.pk, is_active=True).update(
        name=name,
        email=email,
        phone=phone,
        email_confirmed_at=guest.email_confirmed_at,
        updated_at=timezone.now(),
    )
    return guest
