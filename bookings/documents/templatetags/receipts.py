"""The link to a booking's receipt, for pages about a booking."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.documents.receipts import has_receipt

register = template.Library()


@register.simple_tag(takes_context=True)
def receipt_link(context: dict[str, Any], reference: str) -> SafeString | str:
    """A paragraph with the link to the PDF, if this person paid for the booking; otherwise ""."""
    if not has_receipt(user=context["request"].user, reference=reference):
        return ""
    address = reverse("bookings:receipt", args=[reference])
    return format_html('<p><a href="{}">Receipt (PDF)</a></p>', address)
