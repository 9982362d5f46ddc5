"""The documents that a buyer downloads as the receipt of a booking."""

from django.db.models import QuerySet

from bookings.payments.models import Order, Payment
from bookings.payments.states import PaymentState

from .errors import ReceiptNotFound, ReceiptNotReady
from .models import TaxDocument


def receipt_of(orders: "QuerySet[Order]") -> list[TaxDocument]:
    """The invoice and the credit notes of a booking, whose `orders` these are.

    Raises ReceiptNotReady if the money was taken and the invoice has no number yet, and
    ReceiptNotFound if nothing was paid.
    """
    payments = Payment.objects.filter(order__in=orders).values_list("pk", "state", "surplus")
    paid = {pk: (state, surplus) for pk, state, surplus in payments}
    documents = list(TaxDocument.objects.of_payments(paid))
    if documents:
        return documents
    if (PaymentState.CAPTURED, False) in paid.values():
        raise ReceiptNotReady
    raise ReceiptNotFound


def has_receipt(*, user_id: int, reference: str) -> bool:
    """Whether this person paid for the booking, so that it has a receipt now or in a minute."""
    orders = Order.objects.filter(booking_reference=reference, user=user_id)
    paid = Payment.objects.filter(state=PaymentState.CAPTURED, surplus=False)
    return paid.filter(order__in=orders).exists()
