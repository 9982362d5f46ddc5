"""What the log-in page says about seats that this browser holds as a guest."""

from typing import NamedTuple

from django.http import HttpRequest
from django.template import Context, Library

from accounts.guests.session import guest_of
from bookings.booking_page import clock_face
from bookings.models import Booking

register = Library()


class Held(NamedTuple):
    """A live hold of the session's guest, and its time."""

    booking: Booking
    seconds: int

    @property
    def clock_face(self) -> str:
        return clock_face(self.seconds)


@register.simple_tag(takes_context=True)
def held_seats(context: Context) -> Held | None:
    """The newest live hold of a visitor. One statement, and only in a browser that has a guest."""
    request: HttpRequest = context["request"]
    guest = None if request.user.is_authenticated else guest_of(request)
    if guest is None:
        return None
    holds = Booking.objects.of(guest).with_clock().filter(status=Booking.Status.PENDING)
    newest = holds.order_by("-pk").first()
    seconds = newest.seconds_remaining(newest.now) if newest else 0
    return Held(newest, seconds) if newest and seconds else None
