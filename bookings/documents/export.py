"""A person's invoices and credit notes in the export of their data (accounts.export)."""

from typing import Any

from accounts.models import User
from bookings.payments.models import Payment
from bookmyshow.core.currencies import from_minor

from .models import TaxDocument


def documents_of(user: User) -> list[dict[str, Any]]:
    """What the documents say, oldest first. Money is a decimal string in their currency."""
    payments = Payment.objects.filter(order__user=user).values_list("pk", flat=True)
    return [_document(document) for document in TaxDocument.objects.of_payments(payments)]


def _document(document: TaxDocument) -> dict[str, Any]:
    def money(amount: int) -> str:
        return str(from_minor(amount, document.currency))

    return {
        "kind": document.get_kind_display(),
        "number": document.code,
        "date": document.date,
        "refersTo": document.refers_to.code if document.refers_to else None,
        "seller": document.seller_name,
        "buyer": document.buyer_name,
        "buyerEmail": document.buyer_email,
        "booking": document.booking_reference,
        "currency": document.currency,
        "net": money(document.net),
        "tax": money(document.tax),
        "total": money(document.gross),
        "lines": [{"text": line["text"], "total": money(line["gross"])} for line in document.lines],
    }
