"""What a booking's page says about money: what would come back, and what is on its way back."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from bookings.models import Booking
from bookings.payments.ledger import read_ledger
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.states import OrderState, RefundState
from bookmyshow.core.templatetags.formatting import minor

from .cancellation_policy import CancellationPolicy
from .offers import Offer, cancellation_offer


@dataclass(frozen=True, slots=True)
class Choice:
    """What cancelling a ticket now would give back, with the terms in words."""

    offer: Offer
    terms: list[str]
    #: The start for which the ticket was sold, on the cinema's clock. None if it is the same now.
    moved_from: datetime | None

    @property
    def is_free(self) -> bool:
        """The cinema moved the show, so all of the money comes back, whatever the policy says."""
        return bool(self.moved_from and self.offer.paid)

    @property
    def back(self) -> str:
        """₹250"""
        return minor(self.offer.back, self.offer.currency)

    @property
    def paid(self) -> str:
        return minor(self.offer.paid, self.offer.currency)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One sum that goes back. `at` is when it was sent or ended, on the cinema's clock."""

    amount: int
    currency: str
    state: RefundState
    at: datetime | None


@dataclass(frozen=True, slots=True)
class BookingRefunds:
    """Each refund of a booking, and what is kept of the money of a cancelled one. For its page."""

    refunds: list[GivenBack]
    kept: int
    currency: str


def cancel_choice(booking: Booking, *, at: datetime) -> Choice | None:
    """What comes back if the customer cancels this ticket now. None if it was not paid here.

    `booking` is read with its show. One statement for a ticket without an order, else five.
    """
    order = Order.objects.filter(state__in=[OrderState.PAID, OrderState.UNPAID])
    found = order.filter(booking=booking.pk).first()
    if found is None:
        return None
    show = booking.show
    offer = cancellation_offer(read_ledger(found), at=at, starts_at=show.starts_at)
    policy = CancellationPolicy.of(found.policy)
    fee = bool(offer.kept_fee)
    return Choice(
        offer,
        terms=policy.describe(starts_at=show.local_start, at=at, fee=fee),
        moved_from=found.local_start if offer.was_moved else None,
    )


def refunds_of_booking(booking_id: int) -> BookingRefunds:
    """What goes back of the money of a booking, also of an archived one. Two statements.

    Surplus money (late, twice) is not in it: the page says that on its own.
    """
    of_booking = Q(order__booking=booking_id, captured__gt=0, surplus=False)
    payments = list(Payment.objects.filter(of_booking).select_related("order"))
    refunds = Refund.objects.filter(payment__in=payments, retry=None).order_by("pk")
    orders = {payment.pk: payment.order for payment in payments}
    backs = [_given_back(refund, orders[refund.payment_id]) for refund in refunds]
    taken = sum(p.captured for p in payments if p.order.state == OrderState.CANCELLED)
    kept = max(taken - sum(back.amount for back in backs), 0) if taken else 0
    return BookingRefunds(backs, kept, payments[0].currency if payments else "")


def _given_back(refund: Refund, order: Order) -> GivenBack:
    at = refund.sent_at or refund.ended_at
    return GivenBack(
        amount=refund.amount,
        currency=order.currency,
        state=RefundState(refund.state),
        at=at.astimezone(order.tz) if at else None,
    )
