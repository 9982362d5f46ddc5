"""Ends orders that nobody will pay any more, and stops their payments.

A payment is stopped in our books first; the reconciler then ends it at the provider.

The callers have the locks of the orders and payments. The booking's status is read without a lock:
FAILED and CANCELLED never change again, and PENDING that has lapsed can't be confirmed.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from bookings.errors import ShowBusy
from bookings.models import Booking
from bookings.payments.locks import lock_orders, lock_payments
from bookings.payments.models import Order, Payment
from bookings.payments.states import PAYABLE, OrderState, PaymentState
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.time import database_now

log = logging.getLogger(__name__)
PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
#: The next state of a payment whose money is not wanted any more. (CAPTURED money is refunded.)
NEXT_STATE_WHEN_STOPPED = {
    PaymentState.CREATED: PaymentState.CANCELLED,
    PaymentState.OPEN: PaymentState.CANCEL_DUE,
    PaymentState.FAILED: PaymentState.CANCEL_DUE,
    PaymentState.AUTHORISED: PaymentState.VOID_DUE,
    PaymentState.CAPTURE_DUE: PaymentState.VOID_DUE,
}


def end_state(order: Order, booking: Booking | None, now: datetime) -> OrderState | None:
    """The state in which an OPEN order ends now; None if it can still be paid.

    It ends at `pay_until`, or earlier together with its booking.
    """
    if booking is None:
        return OrderState.EXPIRED
    status, reason = booking.status_at(now), booking.reason_at(now)
    if status in {PENDING, CONFIRMED}:
        return OrderState.EXPIRED if order.pay_until <= now else None
    if reason == Booking.EndedReason.LAPSED:
        return OrderState.EXPIRED
    is_given_up = reason in {Booking.EndedReason.RELEASED, Booking.EndedReason.SWAPPED}
    return OrderState.ABANDONED if is_given_up else OrderState.CANCELLED


def end_order(order: Order, payments: Sequence[Payment], state: OrderState, now: datetime) -> None:
    """Write the end of a locked OPEN order, and end what can still be paid of it."""
    order.state, order.updated_at = state, now
    order.save(update_fields=["state", "updated_at"])
    stop_payable(payments, now)


def stop_payable(payments: Sequence[Payment], now: datetime) -> None:
    """End the locked payments that a buyer could still pay; the others stay as they are."""
    stop_payments([payment for payment in payments if payment.state in PAYABLE], now)


def stop_payments(payments: Sequence[Payment], now: datetime) -> None:
    """End payments of one show that took no money yet: nobody can pay.

    What is reserved is released. The caller has their locks. The reconciler tells the provider at
    once. A statement for each state that occurs.
    """
    for state, ended in NEXT_STATE_WHEN_STOPPED.items():
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


def close_finished_orders(limit: int = 100) -> list[int]:
    """End OPEN orders whose time or booking is over; returns the payments to observe at once.

    For the reconciler. One transaction for each order. An order whose locks are busy, or that
    changed meanwhile, is left for the next run.
    """
    over = Q(pay_until__lte=database_now()) | ~Q(booking__status__in=[PENDING, CONFIRMED])
    found = Order.objects.filter(over, state=OrderState.OPEN).order_by("pay_until", "pk")
    stopped: list[int] = []
    for order_id, show_id in found.values_list("pk", "show_id")[:limit]:
        try:
            stopped += _close(order_id, show_id)
        except ShowBusy:
            continue
        except Exception:
            # A fault of ours. It must not stop the other orders, nor the reconciler.
            log.exception("order %s can't be ended", order_id)
    return stopped


def _close(order_id: int, show_id: int) -> list[int]:
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        (order,) = lock_orders(show_id, Q(pk=order_id))
        payments = lock_payments(show_id, Q(order=order))
        now = database_now()
        booking = Booking.objects.filter(show=show_id, pk=order.booking_id).first()
        state = end_state(order, booking, now) if order.state == OrderState.OPEN else None
        if state is None:
            return []
        end_order(order, payments, state, now)
    return [payment.pk for payment in payments if payment.state in PAYABLE]
