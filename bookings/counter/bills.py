"""What is to pay for a booking, as the counter sees it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet

from bookings.models import Booking
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.orders.prices import seats_total
from bookings.payments.refunds.writing import COUNTER
from bookings.payments.states import TAKEN, OrderState, PaymentState, RefundState
from shows.models import Cinema

#: A mistake can be undone for this time.
UNDO_FOR = timedelta(minutes=10)
LIVE = frozenset({OrderState.OPEN, OrderState.PAID, OrderState.UNPAID})


class State(StrEnum):
    """What the counter can do about a booking."""

    DUE = "due"
    PAID = "paid"
    #: The customer's money is reserved at the provider, and nothing is decided yet.
    PAYING = "paying"
    FREE = "free"
    HELD = "held"
    OVER = "over"


WORDS = {
    State.DUE: "To pay",
    State.PAID: "Paid",
    State.PAYING: "Being paid online",
    State.FREE: "Nothing to pay",
    State.HELD: "Not confirmed yet",
    State.OVER: "Over",
}


@dataclass(frozen=True, slots=True)
class Bill:
    """A booking and its money. `due` is in minor units of `currency`, 0 unless it is to be paid.

    `order` is the live one, if there is one; `payment` is the one that paid it.
    """

    booking: Booking
    state: State
    currency: str
    due: int = 0
    order: Order | None = None
    payment: Payment | None = None
    to_hand_back: Sequence[Refund] = field(default=())

    @property
    def words(self) -> str:
        return WORDS[self.state]

    @property
    def cinema(self) -> Cinema:
        return self.booking.show.screen.cinema

    @property
    def paid_at(self) -> datetime | None:
        """When the money was taken, on the cinema's clock. None while the provider is asked."""
        at = self.payment and self.payment.captured_at
        return at.astimezone(self.cinema.tz) if at else None

    @property
    def undo_until(self) -> datetime | None:
        """Until when the payment can be undone; None if no clerk took it."""
        is_clerks = self.payment and self.payment.provider == COUNTER
        return self.paid_at + UNDO_FOR if is_clerks and self.paid_at else None


def bill_of(
    booking: Booking, orders: Iterable[Order], payments: Sequence[Payment], *, at: datetime
) -> Bill:
    """The bill of a booking (`with_show`), from all its orders and their payments."""
    live = next((order for order in orders if order.state in LIVE), None)
    of_live = [payment for payment in payments if live and payment.order_id == live.pk]
    cinema = booking.show.screen.cinema
    currency = live.currency if live else cinema.currency
    status = booking.status_at(at)
    if status != Booking.Status.CONFIRMED:
        state = State.HELD if status == Booking.Status.PENDING else State.OVER
        return Bill(booking, state, currency)
    if live and live.state == OrderState.PAID:
        kept = (p for p in of_live if p.state in TAKEN and not p.surplus)
        return Bill(booking, State.PAID, currency, order=live, payment=next(kept, None))
    if any(payment.state == PaymentState.AUTHORISED for payment in of_live):
        return Bill(booking, State.PAYING, currency, order=live)
    # The counter takes no booking fee. An UNPAID order was bought online, and keeps its fee.
    unpaid = live is not None and live.state == OrderState.UNPAID
    due = live.total if live and unpaid else seats_total(booking)
    return Bill(booking, State.DUE if due else State.FREE, currency, due, order=live)


def read_bills(bookings: Sequence[Booking], *, at: datetime) -> list[Bill]:
    """The bills of bookings as they are now, without locks. Three queries for any number."""
    orders = list(Order.objects.filter(booking__in=bookings).order_by("pk"))
    payments = list(
        Payment.objects.filter(order__in=orders).select_related("taken_by").order_by("pk")
    )
    back = list(refunds_to_hand_back().filter(payment__in=payments))
    return [_bill_of(booking, orders, payments, back, at) for booking in bookings]


def _bill_of(
    booking: Booking,
    orders: Sequence[Order],
    payments: Sequence[Payment],
    back: Sequence[Refund],
    at: datetime,
) -> Bill:
    own = [order for order in orders if order.booking_id == booking.pk]
    ids = {order.pk for order in own}
    bill = bill_of(booking, own, [one for one in payments if one.order_id in ids], at=at)
    return replace(bill, to_hand_back=[refund for refund in back if refund.payment.order_id in ids])


def refunds_to_hand_back(cinema: Cinema | None = None) -> QuerySet[Refund]:
    """Refunds of money taken at a counter that nobody has handed back yet, the oldest first."""
    refunds = Refund.objects.filter(state=RefundState.MANUAL, payment__provider=COUNTER)
    if cinema:
        refunds = refunds.filter(payment__order__cinema=cinema)
    return refunds.select_related("payment__order__user").order_by("created_at", "pk")
