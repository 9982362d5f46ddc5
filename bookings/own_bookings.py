"""The bookings of the person who is logged in."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User

from .models import Booking


def person(request: HttpRequest) -> User:
    """Who is logged in, behind `login_required`."""
    assert request.user.is_authenticated
    return request.user


def own_booking(request: HttpRequest, reference: str) -> Booking:
    """The person's booking with `now`; someone else's is 404, as one that doesn't exist."""
    mine = Booking.objects.of(person(request)).with_clock()
    return get_object_or_404(mine, reference=reference)
