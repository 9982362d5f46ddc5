"""What other parts ask about the money of bookings: is it paid, and what is still owed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db.models import Q, Sum

from bookings.models import Booking
from bookings.payments.models import Order, Payment
from bookings.payments.states import OrderState, PaymentState, RefundState

from .prices import online_total, seats_total

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
_LIVE = {OrderState.OPEN, OrderState.PAID, OrderState.UNPAID}


class Status(StrEnum):
    """How a booking stands with money, as pages and the API say it."""

    #: Nothing was paid, and nothing is being paid: to be paid at the cinema, or free of charge.
    NONE = "none"
    #: It is being paid online, or was left half-way.
    OPEN = "open"
    PAID = "paid"
    #: The money was refused after the seats were given: it is still owed.
    UNPAID = "unpaid"
    #: A part of the money is given back, or on its way back.
    PARTLY_REFUNDED = "partly_refunded"
    #: All of the money is given back, or on its way back.
    REFUNDED = "refunded"
    #: The payment was given up or ran out, and no money was kept.
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """The money of one booking. Amounts are in the minor unit of `currency`."""

    status: Status
    #: What is still to be paid for the booking; 0 if it is over or paid.
    amount_due: int
    currency: str
    #: What was taken for the order, or is being taken, without what goes back.
    kept: int
    #: What was given back of it, or is on its way back.
    refunded: int
    #: The order that counts: the live one, otherwise the newest. None if there never was one.
    order: Order | None


@dataclass(frozen=True, slots=True)
class _Money:
    taken: int = 0
    back: int = 0


def payment_status(booking: Booking) -> PaymentStatus:
    """The money of this booking, read with its show (`with_show`). Two statements at most."""
    return payment_statuses([booking])[booking.pk]


def without_order(booking: Booking) -> PaymentStatus:
    """The money of a booking that has no order, read with its show. No statement."""
    return _status(booking, None, {})


def amount_due(booking: Booking) -> int:
    """What is still to be paid for this booking, in the minor unit of its cinema's currency."""
    return payment_status(booking).amount_due


def payment_statuses(bookings: Iterable[Booking]) -> dict[int, PaymentStatus]:
    """`payment_status` of many bookings, by their ids, with the statements of one.

    The bookings must be read with their shows (`with_show`).
    """
    asked = list(bookings)
    orders: dict[int, Order] = {}
    wanted = [booking.pk for booking in asked]
    for order in Order.objects.filter(booking__in=wanted).order_by("pk"):
        earlier = orders.get(order.booking_id)
        if earlier is None or earlier.state not in _LIVE:
            orders[order.booking_id] = order
    money = _money([order.pk for order in orders.values()])
    return {booking.pk: _status(booking, orders.get(booking.pk), money) for booking in asked}


def _money(orders: list[int]) -> dict[int, _Money]:
    """What was taken for each of these orders, and what goes back of it."""
    if not orders:
        return {}
    payments = (
        Payment.objects.kept()
        .filter(order__in=orders)
        .annotate(
            back=Sum("refunds__amount", filter=~Q(refunds__state=RefundState.FAILED), default=0)
        )
        .values_list("order", "state", "amount", "captured", "back")
    )
    # An order has one such payment at most (payment_one_kept_per_order).
    return {
        order: _Money(amount if state == PaymentState.CAPTURE_DUE else captured, back)
        for order, state, amount, captured, back in payments
    }


def _status(booking: Booking, order: Order | None, money: dict[int, _Money]) -> PaymentStatus:
    of_order = money.get(order.pk, _Money()) if order else _Money()
    return PaymentStatus(
        status=_word(order, of_order),
        amount_due=_due(booking, order),
        currency=booking.show.screen.cinema.currency,
        kept=of_order.taken - of_order.back,
        refunded=of_order.back,
        order=order,
    )


def _word(order: Order | None, money: _Money) -> Status:
    if order is None:
        return Status.NONE
    if money.back:
        return Status.REFUNDED if money.back >= money.taken else Status.PARTLY_REFUNDED
    if order.state == OrderState.OPEN:
        return Status.OPEN
    if order.state == OrderState.UNPAID:
        return Status.UNPAID
    return Status.PAID if money.taken else Status.ENDED


def _due(booking: Booking, order: Order | None) -> int:
    """What is owed: for a hold the price of the way to pay that is offered, for a ticket the rest.

    A ticket whose online payment is still open can be paid at the cinema, without the fee.
    """
    if order is not None and order.state == OrderState.PAID:
        return 0
    if order is not None and order.state == OrderState.UNPAID:
        return order.total
    if booking.status == CONFIRMED:
        return seats_total(booking)
    if booking.status != PENDING:
        return 0
    if order is not None and order.state == OrderState.OPEN:
        return order.total
    return seats_total(booking) if settings.PAY_AT_CINEMA else online_total(booking)
