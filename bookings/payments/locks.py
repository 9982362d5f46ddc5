"""The locks of money, which come after those of bookings (`bookings/locks.py`, docs/spec.md §18).

The order is person, show, bookings, seats, orders, payments, refunds. Rows of one table are locked
in the order of their primary keys. Call these functions inside `transaction.atomic()`, and read
data and the clock after the lock. No call to a provider is made under one of these locks.
"""

from datetime import datetime
from typing import TypeVar

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from .models import Order, Payment, Refund

Row = TypeVar("Row", Payment, Refund)
# Several workers find the same rows. Each locks the first one that no other worker has locked.
AT_ONCE = 10


def lock_orders(show_id: int, which: Q) -> list[Order]:
    """Lock the orders of the show that match. Returns them as they are after the wait."""
    orders = Order.objects.select_for_update(no_key=True).filter(which, show=show_id)
    return list(orders.order_by("pk"))


def lock_payments(show_id: int, which: Q) -> list[Payment]:
    """Lock the payments that match; their orders are locked already, if they are needed."""
    payments = Payment.objects.select_for_update(no_key=True).filter(which, show=show_id)
    return list(payments.order_by("pk"))


def lock_payment(payment_id: int) -> Payment:
    """Lock one payment that is known by its id alone. Its show never changes."""
    show_id = Payment.objects.values_list("show_id", flat=True).get(pk=payment_id)
    (payment,) = lock_payments(show_id, Q(pk=payment_id))
    return payment


def lock_refunds(show_id: int, which: Q) -> list[Refund]:
    """Lock the refunds that match; their payments are locked already, if they are needed."""
    refunds = Refund.objects.select_for_update(no_key=True).filter(which, show=show_id)
    return list(refunds.order_by("pk"))


def lock_first(found: QuerySet[Row], *, due: QuerySet[Row]) -> tuple[Row, datetime] | None:
    """Lock the first of the rows `found` that nobody else has locked, if it is still in `due`.

    Returns it with the time after the lock. None if there is none; it never waits. The rows are
    found in all shows, without a lock. Then each lock names its show, so only the server that has
    the show is asked (docs/decisions/0023-keys-with-the-show.md).
    """
    locking = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
    passed: list[int] = []
    while rows := list(found.exclude(pk__in=passed).values_list("pk", "show")[:AT_ONCE]):
        for pk, show_id in rows:
            row = locking.annotate(read_at=Now()).filter(pk=pk, show=show_id).first()
            if row is not None:
                return row, row.read_at
            passed.append(pk)
    return None
