"""Takes money at the counter, undoes a mistake, and hands money back (docs/spec.md §18).

The locks are those of bookings, orders, payments and refunds, in this order. The customer's
checkout takes the same locks: if a clerk and the customer pay at the same moment, the first one
pays and the other is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from bookings.errors import BookingNotFound, ShowBusy
from bookings.locks import lock_bookings
from bookings.models import Booking
from bookings.payments.errors import RefundNotManual
from bookings.payments.locks import lock_orders, lock_payments
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.orders.closing import end_order, stop_payable
from bookings.payments.orders.prices import Quote, quote
from bookings.payments.orders.writing import write_order
from bookings.payments.refunds.writing import COUNTER, write_refunds
from bookings.payments.staff.refund_decisions import settle_manually
from bookings.payments.states import OrderState, PaymentState, RefundState
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.templatetags.formatting import minor
from bookmyshow.core.time import database_now
from shows.models import Cinema

from .bills import UNDO_FOR, Bill, State, bill_of
from .errors import (
    AmountChanged,
    NothingToPay,
    NotTakenByYou,
    OtherCounter,
    PageTooOld,
    PaidAlready,
    PaidOnlineNow,
    RefundNotFound,
    TooLateToUndo,
    UndoneAlready,
)

OVERSEE = "counter.oversee_counter"


@dataclass(frozen=True, slots=True)
class Taking:
    """Money that a clerk says they took.

    `amount` is what the clerk saw, in minor units. `payment` is the id of the form: the same form
    sent twice is one payment.
    """

    method: Payment.Method
    amount: int
    payment: UUID


def take_money(*, by: User, reference: str, cinema: Cinema | None, taking: Taking) -> Payment:
    """Write down that the money of a booking was taken at this cinema's counter.

    The payment is CAPTURED at once and the order PAID. Raises BookingNotFound, NothingToPay,
    PaidAlready, PaidOnlineNow, AmountChanged, OtherCounter, PageTooOld, ShowBusy.
    """
    seen = _read_booking(Q(reference=reference))
    # Before the locks, because the rules of tax are in the cache. Prices of a booking never change.
    at_counter = quote(seen, online=False, at=database_now())
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        booking = _locked_booking(seen.show_id, reference)
        orders = lock_orders(booking.show_id, Q(booking=booking))
        payments = lock_payments(booking.show_id, Q(order__in=orders))
        now = database_now()
        bill = bill_of(booking, orders, payments, at=now)
        if bill.payment and bill.payment.uuid == taking.payment:
            return bill.payment
        _check(bill, cinema, taking)
        order = _order_to_pay(bill, payments, at_counter, now)
        payment = Payment.objects.create(
            show_id=order.show_id,
            uuid=taking.payment,
            order=order,
            provider=COUNTER,
            method=taking.method,
            amount=bill.due,
            currency=bill.currency,
            state=PaymentState.CAPTURED,
            captured=bill.due,
            taken_by=by,
            captured_at=now,
            created_at=now,
            updated_at=now,
        )
        amount = minor(bill.due, bill.currency)
        way = payment.get_method_display().lower()
        audit.record(by=by, about=booking, what=f"Took {amount} at the counter: {way}.")
    return payment


def _check(bill: Bill, cinema: Cinema | None, taking: Taking) -> None:
    """Raise the reason why this money must not be taken."""
    if bill.state == State.PAID:
        raise PaidAlready(_who_paid(bill))
    if bill.state == State.PAYING:
        raise PaidOnlineNow
    if bill.state != State.DUE:
        raise NothingToPay
    if bill.cinema != cinema:
        raise OtherCounter
    if bill.due != taking.amount:
        raise AmountChanged
    if Payment.objects.filter(uuid=taking.payment).exists():
        raise PageTooOld


def _who_paid(bill: Bill) -> str:
    """Who was first: "Noor took ₹700 at 19:42." or "The customer paid online."."""
    payment, at = bill.payment, bill.paid_at
    who = "The customer paid online"
    if payment and at and payment.taken_by:
        who = f"{payment.taken_by} took {minor(payment.captured, bill.currency)} at {at:%H:%M}"
    return f"Take no money: this booking is paid. {who}."


def undo_payment(*, by: User, payment_id: UUID) -> Payment:
    """Give back a payment that was a mistake, within UNDO_FOR. The booking is to be paid again.

    The payment stays, and a refund out of the drawer of the clerk who took it balances it. Raises
    BookingNotFound, NotTakenByYou, TooLateToUndo, UndoneAlready, ShowBusy.
    """
    taken = Payment.objects.filter(uuid=payment_id, provider=COUNTER).select_related("order")
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        found = taken.first()
        if found is None:
            raise BookingNotFound
        booking = _locked_booking(found.show_id, found.order.booking_reference)
        (order,) = lock_orders(found.show_id, Q(pk=found.order_id))
        (payment,) = lock_payments(found.show_id, Q(pk=found.pk))
        now = database_now()
        if by.pk != payment.taken_by_id and not by.has_perm(OVERSEE):
            raise NotTakenByYou
        if order.state != OrderState.PAID:
            raise UndoneAlready
        if payment.captured_at is None or now > payment.captured_at + UNDO_FOR:
            raise TooLateToUndo
        (refund,) = write_refunds(
            order=order, source=Refund.Source.STAFF, reason="Taken by mistake", by=by
        )
        refund.state, refund.ended_at = RefundState.SUCCEEDED, now
        refund.handed_back_by_id = payment.taken_by_id
        refund.save(update_fields=["state", "ended_at", "handed_back_by"])
        _move(order, OrderState.CANCELLED, now)
        amount = minor(payment.captured, payment.currency)
        audit.record(
            by=by, about=booking, what=f"Undid the payment of {amount} taken by {payment.taken_by}."
        )
    return payment


def may_undo(*, by: User, bill: Bill, at: datetime) -> bool:
    """Whether `undo_payment` would accept this person now."""
    payment, until = bill.payment, bill.undo_until
    if payment is None or until is None or at > until:
        return False
    return payment.taken_by_id == by.pk or by.has_perm(OVERSEE)


def hand_back(*, by: User, refund_id: UUID) -> Refund:
    """Write down that a clerk gave a refund to the customer, out of their own drawer.

    A refund that was handed back already is returned unchanged. Raises RefundNotFound, ShowBusy.
    """
    refunds = Refund.objects.select_related("payment__order", "handed_back_by")
    refund = refunds.filter(uuid=refund_id, payment__provider=COUNTER).first()
    if refund is None:
        raise RefundNotFound
    try:
        return settle_manually(refund, by=by, reason="at the counter")
    except RefundNotManual:
        return refunds.get(pk=refund.pk)


def _locked_booking(show_id: int, reference: str) -> Booking:
    """The booking with its show, locked. Raises BookingNotFound."""
    lock_bookings(show_id, Q(reference=reference))
    return _read_booking(Q(show=show_id, reference=reference))


def _read_booking(which: Q) -> Booking:
    bookings = Booking.objects.with_show().select_related("user")
    booking = bookings.filter(which).first()
    if booking is None:
        raise BookingNotFound
    return booking


def _order_to_pay(
    bill: Bill, payments: Sequence[Payment], at_counter: Quote, now: datetime
) -> Order:
    """The order that this money pays, PAID: the one that is owed, or a new one.

    An order that the customer is paying online has the fee for that, so it is given up. Money that
    arrives for it goes back.
    """
    order = bill.order
    if order:
        own = [payment for payment in payments if payment.order_id == order.pk]
        if order.state == OrderState.OPEN:
            end_order(order, own, OrderState.ABANDONED, now)
            order = None
        else:
            stop_payable(own, now)
    if order is None:
        order = write_order(bill.booking, at_counter, now=now, pay_until=now)
    _move(order, OrderState.PAID, now)
    return order


def _move(order: Order, state: OrderState, now: datetime) -> None:
    order.state, order.updated_at = state, now
    order.save(update_fields=["state", "updated_at"])
