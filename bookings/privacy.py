"""Why staff may not anonymise a person now: their bookings of coming shows."""

from django.db.models import Q

from accounts.models import User
from bookmyshow.core.time import database_now

from .models import Booking


def coming_bookings(user: User) -> list[str]:
    """A sentence for staff, if the person holds seats, or has tickets for shows that aren't over.

    Their ticket's page would be gone, and nobody could tell them that a show is moved.
    """
    now = database_now()
    mine = Booking.objects.filter(user=user)
    live = Q(status=Booking.Status.PENDING, expires_at__gt=now)
    found = []
    if mine.filter(live).exists():
        found.append("They are holding seats at this moment.")
    if count := mine.filter(status=Booking.Status.CONFIRMED, show__ends_at__gt=now).count():
        words = "a ticket for a coming show" if count == 1 else f"{count} tickets for coming shows"
        found.append(f"They have {words}: cancel first, or wait until the last is over.")
    return found
