"""Writes down what goes back for an order, as refunds.

Cancelling and giving back are separate facts. A cancellation writes refunds that are DUE in its own
transaction; a worker sends them later (queue.py). Nothing here calls a provider.

All amounts are whole numbers of the order's minor unit. The rules are in docs/payments.md
("Cancelling and refunds").
"""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Q

from accounts.models import User
from bookings.payments.errors import NothingToRefund, PaymentDisputed, RefundTooLarge
from bookings.payments.ledger import Ledger, lock_ledgers
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.states import RefundState
from bookmyshow.core.time import database_now

#: [order line's id, amount]
Part = tuple[int, int]
#: `Payment.provider` of money that was taken at the cinema. A person hands it back.
COUNTER = "counter"


def write_refunds(
    *,
    order: Order,
    source: Refund.Source,
    reason: str = "",
    by: User | None = None,
    amount: int | None = None,
    lines: Sequence[Part] | None = None,
) -> list[Refund]:
    """Write the refunds of an order in the caller's transaction, under the locks of its money.

    `lines` gives back parts of lines, `amount` a sum that is spread over the lines; without both,
    all that is left goes back. One refund for each payment, in nearly all cases one.
    Raises NothingToRefund, RefundTooLarge, PaymentDisputed.
    """
    (ledger,) = lock_ledgers(order.show_id, Q(pk=order.pk))
    if ledger.is_disputed:
        raise PaymentDisputed
    if lines is not None:
        parts, total = list(lines), sum(part for _, part in lines)
    else:
        total = ledger.left if amount is None else amount
        parts = spread(total, ledger)
    _check(ledger, parts, total)
    return write(ledger, parts, total, source=source, reason=reason, by=by)


def write(
    ledger: Ledger,
    parts: Sequence[Part],
    total: int,
    *,
    source: Refund.Source,
    reason: str = "",
    by: User | None = None,
) -> list[Refund]:
    """Write the refunds of a locked ledger: `total`, of which `parts` are the lines."""
    return Refund.objects.bulk_create(
        new_refunds(ledger, parts, total, source=source, reason=reason, by=by, now=database_now())
    )


def new_refunds(
    ledger: Ledger,
    parts: Sequence[Part],
    total: int,
    *,
    source: Refund.Source,
    now: datetime,
    reason: str = "",
    by: User | None = None,
) -> list[Refund]:
    """The same as `write`, but not saved yet, for many orders in one INSERT."""
    return [
        Refund(
            show_id=payment.show_id,
            payment=payment,
            amount=amount,
            lines=[list(part) for part in of_lines],
            state=RefundState.MANUAL if payment.provider == COUNTER else RefundState.DUE,
            source=source,
            reason=reason,
            by=by,
            next_try_at=None if payment.provider == COUNTER else now,
        )
        for payment, amount, of_lines in _by_payment(ledger, parts, total)
    ]


def spread(total: int, ledger: Ledger) -> list[Part]:
    """Divide a sum among the lines, by what is left of each. The parts add up to `total`.

    Where more is left of the payments than of the lines, the lines get less than `total`.
    """
    left = [(line.pk, ledger.left_of_line[line.pk]) for line in ledger.lines]
    whole = sum(amount for _, amount in left)
    total = min(total, whole)
    parts, given, seen = [], 0, 0
    for line, amount in left:
        seen += amount
        # Rounded down from the running sum, so that all parts together are exactly `total`.
        upto = total * seen // whole if whole else 0
        if upto > given:
            parts.append((line, upto - given))
            given = upto
    return parts


def _check(ledger: Ledger, parts: Sequence[Part], total: int) -> None:
    if total <= 0 or any(amount <= 0 for _, amount in parts):
        raise NothingToRefund
    is_too_large = any(amount > ledger.left_of_line.get(line, 0) for line, amount in parts)
    if is_too_large or total > ledger.left:
        raise RefundTooLarge


def _by_payment(
    ledger: Ledger, parts: Sequence[Part], total: int
) -> Iterator[tuple[Payment, int, list[Part]]]:
    """Divide the parts among the payments that have money left, oldest first."""
    waiting = deque(parts)
    for payment in ledger.payments:
        amount = min(ledger.left_of_payment.get(payment.pk, 0), total)
        if amount <= 0:
            continue
        total -= amount
        room, of_lines = amount, []
        while waiting and room:
            line, part = waiting.popleft()
            takes = min(part, room)
            of_lines.append((line, takes))
            room -= takes
            if takes < part:
                waiting.appendleft((line, part - takes))
        yield payment, amount, of_lines
