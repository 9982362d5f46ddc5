"""How many seats of a show the guests of one network address may hold in an hour.

A person who keeps seats without buying them has to pause (`bookings.hold_limits`). A new session is
a new guest, without that past. So the seats that guests of an address begin to hold at a show are
counted too, in Redis; while it is down, only the limits in the database remain.
docs/spec.md §19.3 has the figures and their reasons.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpRequest
from limits import RateLimitItemPerHour

from accounts.models import User
from bookings.errors import GuestsOfAddressLimit
from bookings.models import Booking
from bookmyshow.core.client_address import client_networks
from bookmyshow.core.rate_limits import Limit, RateLimited, check_attempt, count_attempt

#: In an hour, guests of one address may begin to hold this many times the seats that they may hold
#: at once.
TIMES_AN_HOUR = 6


@contextmanager
def counted_seats(request: HttpRequest, user: User, show_id: int, seats: int) -> Iterator[None]:
    """Count the seats of a guest's hold, which the block makes. People with an account: nothing.

    Only a hold that was made is counted: on an opening night most tries lose their seats. A swap
    counts what it adds. Raises GuestsOfAddressLimit before the block.
    """
    if not user.is_guest:
        yield
        return
    seats = min(seats, settings.MAX_SEATS_PER_BOOKING)
    added = max(0, seats - _held_now(user, show_id))
    counts = [
        (_seats_an_hour().times(factor), f"{show_id} {network}")
        for network, factor in client_networks(request)
    ]
    try:
        for limit, by in counts:
            check_attempt(limit, by, times=added)
    except RateLimited as error:
        raise GuestsOfAddressLimit(retry_after=error.retry_after) from error
    yield
    for limit, by in counts:
        # Several holds at once may pass the check together, and then some are over the limit. They
        # are few, because the database limits the seats that are held at once.
        with suppress(RateLimited):
            count_attempt(limit, by, times=added)


def _seats_an_hour() -> Limit:
    rate = RateLimitItemPerHour(TIMES_AN_HOUR * settings.MAX_GUEST_SEATS_PER_ADDRESS)
    return Limit("guest-seats", rate, in_memory_fallback=False)


def _held_now(guest: User, show_id: int) -> int:
    """The seats that this guest holds at the show, which a new hold replaces."""
    live = Booking.objects.filter(
        user=guest, show=show_id, status=Booking.Status.PENDING, expires_at__gt=Now()
    )
    return live.order_by().values_list("total_seats", flat=True).first() or 0
