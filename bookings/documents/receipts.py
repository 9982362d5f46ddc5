"""The documents that a buyer downloads as the receipt of a booking."""

from django.db.models import QuerySet

from bookings.payments.models import Order, Payment
from bookings.payments.states import PaymentState

from .errors import ReceiptNotFound, ReceiptNotReady
from .models import TaxDocument
from .numbering import pending_payments


def receipt_of(orders: "QuerySet[Order]") -> list[TaxDocument]:
    """The invoice and the credit notes of a booking, whose `orders` these are.

    Raises ReceiptNotReady if the money was taken and the invoice has no number yet, and
    ReceiptNotFound if nothing was paid.
    """
    documents = list(TaxDocument.objects.of_orders(orders))
    if documents:
        return documents
    if pending_payments().filter(order__in=orders).exists():
        raise ReceiptNotReady
    raise ReceiptNotFound


def has_receipt(*, user_id: int, reference: str) -> bool:
    """Whether this person paid for the booking, so that it has a receipt now or in a minute."""
    orders = Order.objects.filter(booking_reference=reference, user=user_id)
    paid = Payment.objects.filter(state=PaymentState.CAPTURED, surplus=False)
    return paid.filter(order__in=orders).exists()
