"""Which payments and refunds have no document yet.

Payments and refunds may be divided by show over several servers, while the documents are on one
(docs/sharding.md). So no statement compares rows of both one by one: either it takes the keys of
the documents as a whole, or the rows are read first, and then the documents that name them.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from bookings.payments.models import Payment, Refund
from bookings.payments.states import PaymentState, RefundState

from .models import Kind, TaxDocument

# PostgreSQL makes one join of it. Citus reads the documents on the coordinator and sends their keys
# to the rows, so `since` limits them too: a document is issued after the moment of its money.
HAS_NO_DOCUMENT = """
    NOT EXISTS (
        SELECT 1 FROM (SELECT {key} FROM documents_taxdocument WHERE {which}) written
        WHERE written.{key} = {table}.id
    )
"""


def _has_no(kind: Kind, key: str, table: str, since: datetime | None) -> RawSQL:
    which = f"kind = '{kind.value}'" + (" AND issued_at >= %s" if since else "")
    sql = HAS_NO_DOCUMENT.format(key=key, table=table, which=which)
    return RawSQL(sql, [since] if since else [], output_field=BooleanField())


def kept_payments() -> "QuerySet[Payment]":
    """Captured payments that get an invoice. Surplus money gets none: it is not for an order, and
    goes back."""
    return Payment.objects.filter(state=PaymentState.CAPTURED, surplus=False)


def pending_payments(since: datetime | None = None) -> "QuerySet[Payment]":
    """Payments without an invoice, captured since this moment, the oldest first."""
    found = kept_payments().filter(_has_no(Kind.INVOICE, "payment_id", "payments_payment", since))
    if since is not None:
        found = found.filter(captured_at__gte=since)
    return found.order_by("captured_at", "pk")


def pending_refunds(since: datetime | None = None) -> "QuerySet[Refund]":
    """Refunds of such payments that succeeded since this moment, without a credit note, the oldest
    first.

    A retry of a refund that has a credit note gets no other one: the first try's note stands.
    """
    found = Refund.objects.filter(
        _has_no(Kind.CREDIT_NOTE, "refund_id", "payments_refund", since),
        state=RefundState.SUCCEEDED,
        payment__state=PaymentState.CAPTURED,
        payment__surplus=False,
    )
    if since is not None:
        found = found.filter(ended_at__gte=since)
    return found.exclude(pk__in=_retries_of_noted(found)).order_by("ended_at", "pk")


def _retries_of_noted(refunds: "QuerySet[Refund]") -> list[int]:
    """The retries among these refunds that need no note. There are few retries."""
    retries = refunds.filter(retry_of__isnull=False).values_list("pk", "payment")
    payment_of = dict(retries)
    if not payment_of:
        return []
    first = first_tries(payment_of.values())
    notes = TaxDocument.objects.filter(payment__in=payment_of.values(), refund__isnull=False)
    noted = {first.get(refund) for refund in notes.values_list("refund", flat=True)}
    return [retry for retry in payment_of if first[retry] in noted]


def first_tries(payments: Iterable[int]) -> dict[int, int]:
    """For each refund of these payments, by its id: the first try of it. Often itself."""
    tries = Refund.objects.filter(payment__in=payments)
    retry_of = dict(tries.values_list("pk", "retry_of"))

    def first(refund: int) -> int:
        while earlier := retry_of[refund]:
            refund = earlier
        return refund

    return {refund: first(refund) for refund in retry_of}
