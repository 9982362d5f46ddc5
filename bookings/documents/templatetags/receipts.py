"""The link to a booking's receipt, for pages about a booking."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.archive.models import ArchivedBooking
from bookings.documents.receipts import has_receipt
from bookings.models import Booking

register = template.Library()


@register.simple_tag
def receipt_link(booking: Booking | ArchivedBooking) -> SafeString | str:
    """A paragraph with the link to the PDF, if its person paid for the booking; otherwise ""."""
    if not has_receipt(user_id=booking.user_id, reference=booking.reference):
        return ""
    address = reverse("bookings:receipt", args=[booking.reference])
    return format_html('<p><a href="{}">Receipt (PDF)</a></p>', address)
