"""Creates orders, payments and refunds for tests, without a provider."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings.counter.services import Taking, take_money
from bookings.models import Booking
from bookings.payments.models import Order, OrderLine, Payment, Refund
from bookings.payments.orders.prices import seats_total
from bookings.payments.states import PaymentState, RefundState
from bookmyshow.core.time import database_now
from shows.models import Show
from tests.support.factories import make_booking, make_user

_number = count(1)


def make_order(booking: Booking, *, fee: int = 0, **fields: Any) -> Order:
    """An order of this booking with a line for each seat, in paise, and one for the fee."""
    show = booking.show
    cinema = show.screen.cinema
    prices = [(label, int(price * 100)) for label, price in booking.lines]
    values = {
        "user": booking.user,
        "email": booking.user.email,
        "booking": booking,
        "booking_reference": booking.reference,
        "show": show,
        "film": show.movie.title,
        "cinema": cinema,
        "cinema_name": cinema.name,
        "screen_name": show.screen.name,
        "starts_at": show.starts_at,
        "time_zone": cinema.timezone,
        "seats": booking.seats,
        "currency": "INR",
        "total": sum(price for _, price in prices) + fee,
        "state": Order.State.OPEN,
        "pay_until": booking.expires_at - timedelta(seconds=20),
    }
    with transaction.atomic():
        order = Order.objects.create(**(values | fields))
        for position, (label, price) in enumerate(prices):
            make_line(order, position, price, seat=label)
        if fee:
            make_line(order, len(prices), fee, kind=OrderLine.Kind.FEE, text="Booking fee")
    return order


def make_line(order: Order, position: int, gross: int, **fields: Any) -> OrderLine:
    """A line with 18 per cent of tax in it."""
    net = round(gross / 1.18)
    values = {
        "kind": OrderLine.Kind.SEAT,
        "text": "Seat",
        "quantity": 1,
        "unit": gross,
        "gross": gross,
        "net": net,
        "tax": gross - net,
        "tax_basis_points": 1800,
        "tax_code": "999692",
        "tax_name": "GST",
        "tax_components": [["CGST", 900], ["SGST", 900]],
    }
    return OrderLine.objects.create(
        show_id=order.show_id, order=order, position=position, **(values | fields)
    )


def make_payment(order: Order, state: str = PaymentState.OPEN, **fields: Any) -> Payment:
    """A payment in this state; in the state CAPTURED all of its amount was taken."""
    number = next(_number)
    values: dict[str, Any] = {
        "show_id": order.show_id,
        "order": order,
        "provider": "sandbox",
        "amount": order.total,
        "currency": order.currency,
        "state": state,
        "reference": f"cs_test_{number}",
        "charge": f"pi_{number}",
    }
    if state == PaymentState.CAPTURED:
        values |= {"captured": order.total, "captured_at": timezone.now()}
    return Payment.objects.create(**(values | fields))


def make_refund(payment: Payment, amount: int, **fields: Any) -> Refund:
    """A refund that is due, or in the state given."""
    values: dict[str, Any] = {
        "show_id": payment.show_id,
        "payment": payment,
        "amount": amount,
        "source": Refund.Source.CUSTOMER,
        "next_try_at": database_now(),
    }
    if fields.get("state") in {RefundState.SUCCEEDED, RefundState.FAILED}:
        values["ended_at"] = database_now()
    return Refund.objects.create(**(values | fields))


def take_at_counter(by: User, booking: Booking, method: str = "cash") -> Payment:
    """Money that a clerk took for this booking, through the service."""
    return take_money(
        by=by,
        reference=booking.reference,
        cinema=booking.show.screen.cinema,
        taking=Taking(Payment.Method(method), seats_total(booking), uuid4()),
    )


def make_paid_booking(show: Show, labels: Iterable[str], *, user: User | None = None) -> Booking:
    """A confirmed booking that was paid in cash, without a line in the audit log."""
    booking = make_booking(show, labels, user=user)
    make_payment(
        make_order(booking, state=Order.State.PAID),
        PaymentState.CAPTURED,
        provider="counter",
        method=Payment.Method.CASH,
        taken_by=make_user(is_staff=True),
        reference="",
        charge="",
    )
    return booking
