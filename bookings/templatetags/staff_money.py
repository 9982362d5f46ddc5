"""For the admin's own pages of a show and of a booking."""

from django import template

from bookings.models import Booking
from bookings.payments.models import Order
from bookings.show_changes.progress import Progress, refund_progress
from shows.models import Show

register = template.Library()


@register.simple_tag
def refunds_of(show: Show) -> Progress:
    """How far the refunds of this cancelled show are: `{% refunds_of show as progress %}`."""
    return refund_progress(show.pk)


@register.simple_tag
def paid_orders_of(booking: Booking) -> list[Order]:
    """The orders of a booking for which money was taken."""
    orders = Order.objects.filter(booking=booking.pk, payments__captured__gt=0)
    return list(orders.distinct().order_by("pk"))
