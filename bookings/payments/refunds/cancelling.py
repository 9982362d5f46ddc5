"""The money of bookings that are cancelled: orders end, payments stop, refunds are written.

All of it happens in the transaction of the cancellation, after the locks of the show, the bookings
and the seats (docs/spec.md §4.2). Bookings without an order cost one read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from accounts.models import User
from bookings.models import Booking
from bookings.payments.errors import PaymentDisputed, RefundChanged
from bookings.payments.ledger import OPEN_DISPUTES, Ledger, lock_ledgers
from bookings.payments.models import Dispute, Order, Refund
from bookings.payments.orders.closing import cancel_orders, stop_payments
from bookings.payments.states import OrderState, RefundState
from shows.models import Show

from .offers import RESERVED, cancellation_offer
from .writing import new_refunds, spread

LIVE = Q(state__in=[OrderState.OPEN, OrderState.PAID, OrderState.UNPAID])
REFUNDS_IN_ONE_INSERT = 500


@dataclass(slots=True)
class MoneyBack:
    """What a person is told about the money of cancelled bookings, in minor units of `currency`."""

    currency: str = ""
    #: Goes back the way it was paid.
    back: int = 0
    #: Waits at the cinema's counter, where it was paid.
    at_counter: int = 0
    #: Was only reserved, and is not taken.
    reserved: int = 0

    @property
    def total(self) -> int:
        return self.back + self.at_counter

    def add(self, ledger: Ledger, refunds: Iterable[Refund]) -> None:
        self.currency = ledger.order.currency
        self.reserved += sum(p.amount for p in ledger.payments if p.state in RESERVED)
        for refund in refunds:
            if refund.state == RefundState.MANUAL:
                self.at_counter += refund.amount
            else:
                self.back += refund.amount


@dataclass(frozen=True, slots=True)
class ShowMoney:
    """The refunds of a cancelled show, all together and by person."""

    refunds: int = 0
    by_person: dict[int, MoneyBack] = field(default_factory=dict)


def give_back_by_policy(
    booking: Booking,
    *,
    show: Show,
    at: datetime,
    least: int | None = None,
    source: Refund.Source = Refund.Source.CUSTOMER,
    reason: str = "",
    by: User | None = None,
) -> MoneyBack:
    """End the order of a cancelled booking, and give back what the order's policy says.

    `least` is what the page promised. Raises RefundChanged if less comes back, PaymentDisputed.
    """
    for ledger in lock_ledgers(booking.show_id, LIVE & Q(booking=booking.pk)):
        if ledger.is_disputed:
            raise PaymentDisputed
        offer = cancellation_offer(ledger, at=at, starts_at=show.starts_at)
        if least is not None and offer.back < least:
            raise RefundChanged
        if offer.was_moved and not reason:
            reason = "The cinema moved the show"
        refunds = new_refunds(
            ledger, offer.parts, offer.back, source=source, now=at, reason=reason, by=by
        )
        return _close([ledger], refunds, at).by_person[ledger.order.user_id]
    return MoneyBack()


def give_back_all(
    show_id: int,
    which: Q,
    *,
    source: Refund.Source,
    at: datetime,
    reason: str = "",
    by: User | None = None,
) -> ShowMoney:
    """End the live orders of the show that match, and give back everything, the fees too.

    The number of statements does not depend on the number of orders. Refunds of a disputed payment
    are written too; they wait until the bank has decided (queue.py).
    """
    ledgers = lock_ledgers(show_id, LIVE & which)
    refunds = [
        refund
        for ledger in ledgers
        for refund in new_refunds(
            ledger,
            spread(ledger.left, ledger),
            ledger.left,
            source=source,
            now=at,
            reason=reason,
            by=by,
        )
    ]
    return _close(ledgers, refunds, at)


def keep_what_was_paid(booking: Booking, *, at: datetime) -> MoneyBack:
    """End the order of a booking that staff cancelled without giving money back.

    What the bank has only reserved is not taken.
    """
    ledgers = lock_ledgers(booking.show_id, LIVE & Q(booking=booking.pk))
    return _close(ledgers, [], at).by_person.get(booking.user_id, MoneyBack())


def is_disputed(booking: Booking) -> bool:
    """Whether a bank looks into a payment of this booking."""
    of_booking = Q(payment__order__booking=booking.pk, state__in=OPEN_DISPUTES)
    return Dispute.objects.filter(of_booking, show=booking.show_id).exists()


def abandon_order(booking: Booking, *, at: datetime) -> None:
    """End the order of a hold that its owner let go, so that nobody can pay for it any more."""
    for ledger in lock_ledgers(booking.show_id, Q(state=OrderState.OPEN, booking=booking.pk)):
        stop_payments(ledger.payments, at)
        order = Order.objects.filter(show=booking.show_id, pk=ledger.order.pk)
        order.update(state=OrderState.ABANDONED, updated_at=at)


def _close(ledgers: Sequence[Ledger], refunds: list[Refund], at: datetime) -> ShowMoney:
    """Write the end of the orders and payments, and the refunds."""
    stop_payments([payment for ledger in ledgers for payment in ledger.payments], at)
    cancel_orders([ledger.order for ledger in ledgers], at)
    Refund.objects.bulk_create(refunds, batch_size=REFUNDS_IN_ONE_INSERT)
    of_order: dict[int, list[Refund]] = {}
    for refund in refunds:
        of_order.setdefault(refund.payment.order_id, []).append(refund)
    by_person: dict[int, MoneyBack] = {}
    for ledger in ledgers:
        told = by_person.setdefault(ledger.order.user_id, MoneyBack())
        told.add(ledger, of_order.get(ledger.order.pk, []))
    return ShowMoney(len(refunds), by_person)
