"""The buyer's receipt, and the documents of staff."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.guests.session import people
from bookings.own_bookings import NotYours, for_owner
from bookings.payments.models import Order

from .errors import ReceiptNotFound, ReceiptNotReady
from .models import TaxDocument
from .receipts import receipt_of


@require_safe
@never_cache
@for_owner
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """The invoice and the credit notes of one's own booking, also of an archived one."""
    orders = Order.objects.filter(booking_reference=reference, user__in=people(request))
    try:
        return pdf_response(receipt_of(orders))
    except ReceiptNotFound as error:
        raise NotYours(error.message) from error
    except ReceiptNotReady as error:
        context = {"reference": reference}
        page = render(request, "bookings/documents/not_ready.html", context, status=error.status)
        page["Retry-After"] = str(error.retry_after)
        return page


def pdf_response(documents: Sequence[TaxDocument]) -> HttpResponse:
    """The documents as a PDF, which is named after the first number."""
    # Imported here: reportlab and Pillow are 5 MiB in each worker.
    from .pdf import documents_pdf

    name = documents[0].code.replace("/", "-")
    return HttpResponse(
        documents_pdf(documents),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )
