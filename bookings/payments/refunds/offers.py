"""What a customer gets back by cancelling: the offer on pages, and what the cancellation writes.

All amounts are whole numbers of the order's minor unit. The rules are in docs/payments.md
("Cancelling and refunds").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bookings.payments.ledger import Ledger
from bookings.payments.models import OrderLine
from bookings.payments.states import PaymentState

from .cancellation_policy import ALL, CancellationPolicy
from .writing import COUNTER, Part

RESERVED = (PaymentState.AUTHORISED, PaymentState.CAPTURE_DUE)


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
