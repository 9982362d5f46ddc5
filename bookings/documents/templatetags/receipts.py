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
    return receipt_link_of(booking.user_id, booking.reference)


@register.simple_tag
def receipt_link_of(user_id: int, reference: str) -> SafeString | str:
    """The same by person and reference, for a booking that is not kept here any more."""
    if not has_receipt(user_id=user_id, reference=reference):
        return ""
    address = reverse("bookings:receipt", args=[reference])
    return format_html('<p><a class="link--alone" href="{}">Receipt (PDF)</a></p>', address)
