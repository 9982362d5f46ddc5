"""The money of a show: what was paid, and after its cancellation how far it is on its way back."""

from dataclasses import dataclass

from django.db.models import Count, Sum

from bookings.payments.models import Payment, Refund
from bookings.payments.states import OrderState, RefundState


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the refunds. `amount` is in the minor unit of the cinema's currency."""

    count: int = 0
    amount: int = 0

    def __add__(self, other: "Part") -> "Part":
        return Part(self.count + other.count, self.amount + other.amount)


@dataclass(frozen=True, slots=True)
class Progress:
    """The refunds of a show by their state. A refund that was tried again counts once."""

    due: Part = Part()
    sent: Part = Part()
    succeeded: Part = Part()
    failed: Part = Part()
    manual: Part = Part()

    @property
    def all(self) -> Part:
        return self.due + self.sent + self.succeeded + self.failed + self.manual

    @property
    def on_its_way(self) -> Part:
        """Sent, and not failed."""
        return self.sent + self.succeeded

    @property
    def is_working(self) -> bool:
        """Whether the figures still change by themselves."""
        return bool(self.due.count or self.sent.count)


def refund_progress(show_id: int) -> Progress:
    """The refunds that were written when this show was cancelled. One query."""
    refunds = Refund.objects.latest_tries().filter(
        source=Refund.Source.SHOW, payment__order__show=show_id
    )
    sums = refunds.order_by().values_list("state").annotate(Count("pk"), Sum("amount"))
    parts = {RefundState(state).name.lower(): Part(count, amount) for state, count, amount in sums}
    return Progress(**parts)


def paid_for_show(show_id: int) -> int:
    """What was taken for the tickets of a show and not given back, in the minor unit.

    Fees count, and what is only reserved does not. `cancel_show` gives back this much.
    """
    of_show = {"order__show": show_id, "order__state__in": [OrderState.PAID, OrderState.UNPAID]}
    payments = Payment.objects.filter(**of_show, surplus=False)
    taken: int = payments.aggregate(sum=Sum("captured", default=0))["sum"]
    refunds = Refund.objects.counted().filter(payment__in=payments)
    back: int = refunds.aggregate(sum=Sum("amount", default=0))["sum"]
    return taken - back
