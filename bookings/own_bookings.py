"""The bookings of the person who is logged in."""

from django.shortcuts import get_object_or_404

from accounts.requests import AuthenticatedRequest

from .models import Booking


def own_booking(request: AuthenticatedRequest, reference: str) -> Booking:
    """The person's booking, with `now`. Raises Http404, also for another person's booking."""
    mine = Booking.objects.of(request.user).with_clock()
    return get_object_or_404(mine, reference=reference)
