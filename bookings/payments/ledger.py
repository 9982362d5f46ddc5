"""What was paid for an order, what was given back, and what is left of it.

All amounts are whole numbers of the order's minor unit.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Q

from .locks import lock_orders, lock_payments
from .models import Dispute, Order, OrderLine, Payment, Refund

Row = TypeVar("Row", OrderLine, Payment, Refund)
#: While a bank looks into a payment, nothing of it is refunded.
OPEN_DISPUTES = (Dispute.State.NEEDS_RESPONSE, Dispute.State.UNDER_REVIEW)


@dataclass(frozen=True, slots=True)
class Ledger:
    """An order with its lines and payments, and what is left of each."""

    order: Order
    lines: Sequence[OrderLine]
    payments: Sequence[Payment]
    #: By payment: captured minus refunded. A refund counts unless it failed. Surplus money (late,
    #: twice) is not in it: settlement/ gives back all of it on its own.
    left_of_payment: Mapping[int, int]
    #: By line: its price minus what was refunded of it.
    left_of_line: Mapping[int, int]
    #: Payments in a dispute that is not decided.
    disputed: frozenset[int]

    @property
    def left(self) -> int:
        """What was taken and not given back."""
        return sum(self.left_of_payment.values())

    def has_room_for(self, refund: Refund) -> bool:
        """Whether a refund that failed fits into what is left of its payment and of its lines."""
        left = self.left_of_payment.get(refund.payment_id)
        if left is None:  # Surplus money: the database compares it with its refunds.
            return True
        lines_fit = all(amount <= self.left_of_line[line] for line, amount in refund.lines)
        return lines_fit and refund.amount <= left

    @property
    def is_disputed(self) -> bool:
        return any(self.left_of_payment[payment] for payment in self.disputed)


def lock_ledgers(show_id: int, which: Q) -> list[Ledger]:
    """Lock the orders of the show that match, then their payments; then read what is left.

    Five statements for any number of orders. Call it inside `transaction.atomic()`. What is left
    of a payment changes only under its lock, so it stays as it is until the transaction ends.
    """
    orders = lock_orders(show_id, which)
    return _ledgers(orders, lock_payments(show_id, Q(order__in=orders))) if orders else []


def read_ledger(order: Order) -> Ledger:
    """The same for one order without locks, for pages."""
    (ledger,) = _ledgers(
        [order], list(Payment.objects.filter(show=order.show_id, order=order).order_by("pk"))
    )
    return ledger


def _ledgers(orders: Sequence[Order], payments: Sequence[Payment]) -> list[Ledger]:
    show = Q(show=orders[0].show_id)
    lines = OrderLine.objects.filter(show, order__in=orders).order_by("position")
    of_line = _grouped(lines, "order_id")
    refunds = _grouped(Refund.objects.counted().filter(show, payment__in=payments), "payment_id")
    disputes = Dispute.objects.filter(show, payment__in=payments, state__in=OPEN_DISPUTES)
    disputed = frozenset(disputes.values_list("payment_id", flat=True))
    of_order = _grouped(payments, "order_id")
    return [
        _ledger(order, of_line[order.pk], of_order[order.pk], refunds, disputed) for order in orders
    ]


def _ledger(
    order: Order,
    lines: Sequence[OrderLine],
    payments: Sequence[Payment],
    refunds: Mapping[int, list[Refund]],
    disputed: frozenset[int],
) -> Ledger:
    left_of_line = {line.pk: line.gross for line in lines}
    left_of_payment = {p.pk: p.captured for p in payments if not p.surplus}
    for payment in left_of_payment:
        for refund in refunds[payment]:
            left_of_payment[payment] -= refund.amount
            for line, amount in refund.lines:
                left_of_line[line] -= amount
    return Ledger(
        order, lines, payments, left_of_payment, left_of_line, disputed & left_of_payment.keys()
    )


def _grouped(rows: Iterable[Row], by: str) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, by)].append(row)
    return groups
