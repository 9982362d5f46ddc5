"""For a booking's own pages: what cancelling would give back, and what is on its way back."""

from django import template

from bookings.models import Booking
from bookings.payments import given_back
from bookings.payments.given_back import Choice, MoneyOfTheEnd

register = template.Library()


@register.simple_tag
def cancel_choice(booking: Booking) -> Choice | None:
    """What cancelling this ticket gives back now. The booking was read with its clock."""
    return given_back.cancel_choice(booking, at=booking.now)


@register.simple_tag
def money_back_of(booking: Booking) -> MoneyOfTheEnd:
    """The refunds of this booking, and what is kept."""
    return given_back.money_of(booking.pk)
