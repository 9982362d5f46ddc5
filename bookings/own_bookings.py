"""The bookings of the person who is logged in."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User

from .models import Booking


def person(request: HttpRequest) -> User:
    """The logged-in user of a view with `login_required`."""
    assert request.user.is_authenticated
    return request.user


def own_booking(request: HttpRequest, reference: str) -> Booking:
    """The person's booking with `now`. Raises Http404, also for another person's booking."""
    mine = Booking.objects.of(person(request)).with_clock()
    return get_object_or_404(mine, reference=reference)
