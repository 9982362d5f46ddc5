"""Money that the demo's clerk took at the counter: for all bookings of shows that have begun.

Bookings of later shows stay to be paid at the cinema. Nothing is paid online, because the payment
sandbox would not know those payments.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import User
from bookings.models import Booking
from bookings.payments.models import Order, OrderLine, Payment
from bookings.payments.orders.prices import quote
from bookings.payments.orders.writing import new_lines, new_order
from bookings.payments.refunds.writing import COUNTER
from bookings.payments.states import OrderState, PaymentState
from shows.models import Show

WAYS, WEIGHTS = ("cash", "card", "other"), (45, 50, 5)
BATCH = 1_000


def take_money(shows: Sequence[Show], *, clerk: User, now: datetime) -> int:
    """Pay the bookings of those of the new shows that have begun. Returns their number."""
    begun = [show.pk for show in shows if show.starts_at <= now]
    bookings = list(
        Booking.objects.filter(show__in=begun, status=Booking.Status.CONFIRMED, total_amount__gt=0)
        .with_show()
        .select_related("user")
    )
    quotes = [quote(booking, online=False, at=now) for booking in bookings]
    orders = [
        new_order(booking, asked, now=paid_at, pay_until=paid_at)
        for booking, asked in zip(bookings, quotes, strict=True)
        for paid_at in [_paid_at(booking, now)]
    ]
    for order in orders:
        order.state = OrderState.PAID
    Order.objects.bulk_create(orders, batch_size=BATCH)
    lines = [
        line
        for order, asked in zip(orders, quotes, strict=True)
        for line in new_lines(order, asked)
    ]
    OrderLine.objects.bulk_create(lines, batch_size=BATCH)
    Payment.objects.bulk_create((_payment(order, clerk) for order in orders), batch_size=BATCH)
    return len(orders)


def _paid_at(booking: Booking, now: datetime) -> datetime:
    """Not long ago: after an hour `check_integrity` expects that a worker wrote the invoice."""
    return now - timedelta(minutes=random.Random(booking.reference).randint(3, 40))


def _payment(order: Order, clerk: User) -> Payment:
    (way,) = random.Random(order.booking_reference).choices(WAYS, WEIGHTS)
    return Payment(
        show_id=order.show_id,
        order=order,
        provider=COUNTER,
        method=way,
        amount=order.total,
        currency=order.currency,
        state=PaymentState.CAPTURED,
        captured=order.total,
        captured_at=order.created_at,
        taken_by=clerk,
        created_at=order.created_at,
        updated_at=order.created_at,
    )
