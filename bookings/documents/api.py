"""API: the receipt of a booking."""

from typing import Any

from django.http import HttpResponse
from ninja import Router

from accounts.authentication import BearerToken
from accounts.requests import ApiRequest
from bookings.payments.models import Order
from bookmyshow.core.api.openapi import problems
from bookmyshow.core.api.schemas import PathId

from .receipts import receipt_of
from .views import pdf_response

router = Router(tags=["Bookings"], auth=BearerToken())
PDF: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The documents, each on a page of its own.",
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}


@router.get(
    "/{id}/receipt.pdf",
    openapi_extra=PDF | problems("NOT_FOUND", "RECEIPT_NOT_READY"),
)
def read_receipt(request: ApiRequest, id: PathId) -> HttpResponse:
    """The invoice of a paid booking, and its credit notes, as one PDF. For its owner and admins."""
    orders = Order.objects.filter(booking=id)
    if request.auth.role != "admin":
        orders = orders.filter(user=request.auth)
    return pdf_response(receipt_of(orders))
