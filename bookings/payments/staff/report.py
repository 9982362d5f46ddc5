"""What was taken and given back in a range of days, and what waits for a provider or a person.

Amounts are whole numbers of the currency's minor unit. Two currencies are never added.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Q, Sum

from bookings.payments.ledger import OPEN_DISPUTES
from bookings.payments.models import Dispute, Payment, Refund
from bookings.payments.states import PaymentState, RefundState
from bookmyshow.core.currencies import from_minor

UNDECIDED = (
    PaymentState.AUTHORISED,
    PaymentState.CAPTURE_DUE,
    PaymentState.CANCEL_DUE,
    PaymentState.VOID_DUE,
)


@dataclass(slots=True)
class Taken:
    """The money of one provider, way of paying and currency."""

    provider: str
    method: str
    currency: str
    payments: int = 0
    captured: int = 0
    refunds: int = 0
    refunded: int = 0

    @property
    def kept(self) -> int:
        return self.captured - self.refunded


def taken_between(first: date, last: date) -> list[Taken]:
    """What was taken, and what arrived back, from the first to the last day (UTC)."""
    since = datetime.combine(first, time.min, UTC)
    until = datetime.combine(last, time.min, UTC) + timedelta(days=1)
    found: dict[tuple[str, str, str], Taken] = {}
    captured = Payment.objects.filter(captured_at__gte=since, captured_at__lt=until)
    for row in captured.values_list("provider", "method", "currency").annotate(
        Count("pk"), Sum("captured")
    ):
        line = found.setdefault(row[:3], Taken(*row[:3]))
        line.payments, line.captured = row[3:]
    refunded = Refund.objects.filter(
        state=RefundState.SUCCEEDED, ended_at__gte=since, ended_at__lt=until
    )
    for row in refunded.values_list(
        "payment__provider", "payment__method", "payment__currency"
    ).annotate(Count("pk"), Sum("amount")):
        line = found.setdefault(row[:3], Taken(*row[:3]))
        line.refunds, line.refunded = row[3:]
    return [found[key] for key in sorted(found)]


def open_matters() -> Iterator[str]:
    """A sentence for each payment, refund and dispute that is not settled, the oldest first."""
    waiting = Payment.objects.filter(Q(state__in=UNDECIDED) | ~Q(review="") | Q(state="REVIEW"))
    for payment in waiting.select_related("order").order_by("created_at"):
        why = payment.review or payment.last_error
        yield _line("payment", payment.order.reference, payment.get_state_display(), payment, why)
    undone = Refund.objects.exclude(state=RefundState.SUCCEEDED).exclude(
        state=RefundState.FAILED, retry__isnull=False
    )
    for refund in undone.select_related("payment__order").order_by("created_at"):
        yield _line(
            "refund",
            refund.payment.order.reference,
            refund.get_state_display(),
            refund.payment,
            refund.failure_code,
            amount=refund.amount,
        )
    disputes = Dispute.objects.filter(state__in=OPEN_DISPUTES).select_related("payment__order")
    for dispute in disputes.order_by("due_at"):
        due = f"answer until {dispute.due_at:%Y-%m-%d}" if dispute.due_at else ""
        yield _line(
            "dispute",
            dispute.payment.order.reference,
            dispute.get_state_display(),
            dispute.payment,
            due,
            amount=dispute.amount,
        )


def _line(
    what: str, order: str, state: str, payment: Payment, why: str, *, amount: int | None = None
) -> str:
    value = from_minor(payment.amount if amount is None else amount, payment.currency)
    words = f"{what} of order {order}, {payment.provider}: {value} {payment.currency}, {state}"
    return f"{words} ({why})" if why else words
