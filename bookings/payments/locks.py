"""The locks of money, which come after those of bookings (`bookings/locks.py`, docs/spec.md §18).

The order is show, person, bookings, seats, orders, payments, refunds. Rows of one table are locked
in the order of their primary keys. Call these functions inside `transaction.atomic()`, and read
data and the clock after the lock. No call to a provider is made under one of these locks.
"""

from django.db.models import Q

from .models import Order, Payment, Refund


def lock_orders(which: Q) -> list[Order]:
    """Lock the orders that match. Returns them as they are after the wait."""
    return list(Order.objects.select_for_update(no_key=True).filter(which).order_by("pk"))


def lock_payments(which: Q) -> list[Payment]:
    """Lock the payments that match; their orders are locked already, if they are needed."""
    return list(Payment.objects.select_for_update(no_key=True).filter(which).order_by("pk"))


def lock_refunds(which: Q) -> list[Refund]:
    """Lock the refunds that match; their payments are locked already, if they are needed."""
    return list(Refund.objects.select_for_update(no_key=True).filter(which).order_by("pk"))
