"""The locked rows of a decision about a payment, the provider's answer, and how both fit."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from bookings.locks import lock_bookings, lock_show
from bookings.models import Booking
from bookings.payments.locks import lock_orders, lock_payments
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.providers.base import Remote, RemoteState
from bookings.payments.states import TAKEN, PaymentState
from bookmyshow.core.time import database_now
from shows.models import Show

from .seats import holders

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
LOCK_CHARGE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
HAS_MONEY = frozenset({RemoteState.AUTHORISED, RemoteState.CAPTURED})


class ShowNeeded(Exception):
    """The buyer is late: the decision needs the show's lock, which comes before the others."""


class BookingChanged(Exception):
    """The order got a new booking before its lock was taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider says, and after which call of ours."""

    remote: Remote
    #: `Payment.updated_at` as it was read before the provider was asked.
    as_of: datetime
    #: True after the call that the payment was claimed for.
    acted: bool = False
    #: The provider's code, if it refused to capture. A repeat would be refused too.
    refused: str = ""

    @property
    def has_money(self) -> bool:
        return self.remote.state in HAS_MONEY

    def is_old(self, payment: Payment) -> bool:
        """Whether the locked payment has changed since the question, in a way that may differ.

        The answer says "no money", and another look may have seen the money meanwhile. Or it says
        "reserved", and the payment is VOIDED by now. Such an answer decides nothing.
        """
        is_void = payment.state == PaymentState.VOIDED
        may_differ = not self.has_money or (is_void and self.remote.state is RemoteState.AUTHORISED)
        return may_differ and payment.updated_at != self.as_of


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Why the money is not for the order. `why` follows "because" in the mail to the buyer."""

    source: Refund.Source
    why: str


LATE = Unwanted(Refund.Source.LATE, "your time to pay had run out and the seats were sold")
GIVEN_UP = Unwanted(Refund.Source.LATE, "you had let these seats go before you paid")
TWICE = Unwanted(Refund.Source.DUPLICATE, "the booking was paid already")
NO_SHOW = Unwanted(Refund.Source.SHOW, "the cinema cancelled the show or the booking")
NO_BOOKING = Unwanted(Refund.Source.CUSTOMER, "the booking was cancelled before you paid")
WRONG = Unwanted(Refund.Source.LATE, "another amount was paid than the booking costs")


@dataclass(slots=True)
class Case:
    """The locked rows of one decision, as they are under the locks, and the clock."""

    now: datetime
    #: Locked only for a buyer who is late.
    show: Show | None
    #: The order's booking; None in the archive.
    booking: Booking | None
    #: All bookings that have the order's seats, if the show is locked.
    holders: list[Booking]
    order: Order
    #: Other orders of the same booking.
    others: list[Order]
    payment: Payment
    #: Other payments of the order.
    siblings: list[Payment]
    #: Whether the provider's payment is that of another payment of ours, at any show.
    is_of_another: bool

    @property
    def has_seats(self) -> bool:
        """Whether the booking has its seats, as a hold in time or as a ticket."""
        booking = self.booking
        return booking is not None and booking.status_at(self.now) in {PENDING, CONFIRMED}

    @property
    def is_paid_by_another(self) -> bool:
        """Whether another payment of the order is kept for it."""
        return any(other.state in TAKEN and not other.surplus for other in self.siblings)


def lock_case(payment: Payment, remote: Remote, *, with_show: bool) -> Case:
    """Take the locks in their order: show, bookings, orders, payments. Then read the clock.

    Before them the provider's payment is locked by its name, because only that needs all shows.
    Seats have no lock of their own here: everybody who changes seats has the show's lock first.

    Raises BookingChanged.
    """
    order = payment.order
    is_of_another = _is_of_another(payment, remote.charge)
    show = lock_show(order.show_id) if with_show else None
    wanted = {order.booking_id}
    if show is not None:
        wanted |= holders(show.pk, order.seats)
    bookings = lock_bookings(order.show_id, Q(pk__in=wanted))
    orders = lock_orders(order.show_id, Q(pk=order.pk) | Q(booking=order.booking_id))
    (locked,) = [found for found in orders if found.pk == order.pk]
    if locked.booking_id != order.booking_id:
        raise BookingChanged
    payments = lock_payments(order.show_id, Q(order=order.pk))
    return Case(
        now=database_now(),
        show=show,
        booking=next((found for found in bookings if found.pk == order.booking_id), None),
        holders=bookings,
        order=locked,
        others=[found for found in orders if found.pk != order.pk],
        payment=next(found for found in payments if found.pk == payment.pk),
        siblings=[found for found in payments if found.pk != payment.pk],
        is_of_another=is_of_another,
    )


def mismatch(payment: Payment, remote: Remote) -> str:
    """Why what was paid is not what was asked; "" if it is."""
    paid = remote.captured if remote.state is RemoteState.CAPTURED else remote.authorised
    if remote.currency != payment.currency:
        return f"Paid in {remote.currency}, not in {payment.currency}."
    if paid != payment.amount:
        return f"{paid} was paid, {payment.amount} was asked (minor units of {payment.currency})."
    return ""


def _is_of_another(payment: Payment, charge: str) -> bool:
    """Whether another payment of ours has this payment of the provider.

    Its name is locked until the transaction ends, so two payments can't both take it. The unique
    index compares the payments of one show only.
    """
    if not charge:
        return False
    with connection.cursor() as cursor:
        cursor.execute(LOCK_CHARGE, [f"{payment.provider} {charge}"])
    same = Payment.objects.filter(provider=payment.provider, charge=charge)
    return same.exclude(pk=payment.pk).exists()


def mix_up(case: Case, remote: Remote) -> str:
    """Why the provider's object may be another payment's; "" if it is this one's.

    Then nothing is done with its money: that could be somebody else's.
    """
    if remote.uuid not in {None, case.payment.uuid}:
        return "The provider's payment names another payment of ours."
    if case.is_of_another:
        return "The provider's payment is another payment of ours already."
    return ""
