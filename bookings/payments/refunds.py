"""Decides what comes back for an order, and writes it down as refunds.

Cancelling and giving back are separate facts. A cancellation writes refunds that are DUE in its own
transaction; a worker sends them later (refund_queue.py). Nothing here calls a provider.

All amounts are whole numbers of the order's minor unit. The rules are in docs/payments.md
("Cancelling and refunds").
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import User
from bookmyshow.core.time import database_now

from .cancellation_policy import ALL, CancellationPolicy
from .errors import NothingToRefund, PaymentDisputed, RefundTooLarge
from .ledger import Ledger, lock_ledgers
from .models import Order, OrderLine, Payment, Refund
from .states import OrderState, PaymentState, RefundState

#: [order line's id, amount]
Part = tuple[int, int]
#: `Payment.provider` of money that was taken at the cinema. A person hands it back.
COUNTER = "counter"
RESERVED = (PaymentState.AUTHORISED, PaymentState.CAPTURE_DUE)
#: The next state of a payment whose money is not wanted any more. (CAPTURED money is refunded.)
STOPPED = {
    PaymentState.CREATED: PaymentState.CANCELLED,
    PaymentState.OPEN: PaymentState.CANCEL_DUE,
    PaymentState.FAILED: PaymentState.CANCEL_DUE,
    PaymentState.AUTHORISED: PaymentState.VOID_DUE,
    PaymentState.CAPTURE_DUE: PaymentState.VOID_DUE,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a customer gets back by cancelling at a certain moment."""

    currency: str
    #: What was paid and is not given back yet.
    paid: int
    #: What the bank has reserved for us: it is not taken then.
    reserved: int
    #: What comes back of each line.
    parts: tuple[Part, ...]
    #: Of the seats' prices.
    percent: int
    #: The part of `paid` that is a booking fee and is kept.
    kept_fee: int
    #: The cinema moved the show after the order: then everything comes back.
    was_moved: bool
    #: It was paid at the cinema, and is handed back there.
    at_counter: bool

    @property
    def back(self) -> int:
        return sum(amount for _, amount in self.parts)


def cancellation_offer(ledger: Ledger, *, at: datetime, starts_at: datetime) -> Offer:
    """What comes back if the customer cancels at `at`. `starts_at` is the show's start now.

    The percentage of the order's policy applies to each seat, rounded half up, and the booking fee
    is kept. If the cinema moved the show, everything comes back, until the new start.
    """
    order = ledger.order
    was_moved = order.starts_at != starts_at
    policy = CancellationPolicy.of("" if was_moved else order.policy)
    percent = policy.percent_at(at, starts_at=starts_at)
    whole = was_moved and percent == ALL
    parts, kept_fee = [], 0
    for line in ledger.lines if ledger.left else ():
        left = ledger.left_of_line[line.pk]
        is_seat = line.kind == OrderLine.Kind.SEAT
        gives = left if whole else _share(line, percent, left) if is_seat else 0
        if gives:
            parts.append((line.pk, gives))
        kept_fee += 0 if is_seat else left - gives
    return Offer(
        currency=order.currency,
        paid=ledger.left,
        reserved=sum(p.amount for p in ledger.payments if p.state in RESERVED),
        parts=tuple(_fitting(parts, ledger.left)),
        percent=percent,
        kept_fee=kept_fee,
        was_moved=was_moved,
        at_counter=any(p.provider == COUNTER and p.captured for p in ledger.payments),
    )


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


def stop_payments(payments: Sequence[Payment], now: datetime) -> None:
    """End payments of one show that took no money yet: nobody can pay.

    What is reserved is released. The caller has their locks. The reconciler tells the provider at
    once. A statement for each state that occurs.
    """
    for state, ended in STOPPED.items():
        found = [payment.pk for payment in payments if payment.state == state]
        if found:
            Payment.objects.filter(show=payments[0].show_id, pk__in=found).update(
                state=ended,
                next_check_at=None if ended == PaymentState.CANCELLED else now,
                checks=0,
                updated_at=now,
            )


def cancel_orders(orders: Sequence[Order], now: datetime) -> None:
    """Mark locked orders of one show as CANCELLED; those that ended earlier stay as they are."""
    live = {OrderState.OPEN, OrderState.PAID, OrderState.UNPAID}
    found = [order.pk for order in orders if order.state in live]
    if found:
        Order.objects.filter(show=orders[0].show_id, pk__in=found).update(
            state=OrderState.CANCELLED, updated_at=now
        )


def _share(line: OrderLine, percent: int, left: int) -> int:
    """The part of a seat's price that comes back, without what came back earlier."""
    earlier = line.gross - left
    return max((line.gross * percent + 50) // 100 - earlier, 0)


def _fitting(parts: Sequence[Part], most: int) -> Iterator[Part]:
    """The parts, shortened so that they are at most `most` together."""
    for line, amount in parts:
        fits = min(amount, most)
        most -= fits
        if fits:
            yield line, fits


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
