"""When the reconciler looks at a payment again: soon at first, then with growing pauses."""

from datetime import datetime, timedelta

from bookings.payments.models import Payment

PAUSES = (
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    *[timedelta(days=1)] * 7,
)
#: `Payment.last_error` after a call that the provider did not answer.
NO_ANSWER = "no answer"


def look_soon(payment: Payment, now: datetime) -> None:
    """Begin again with the shortest pause, because something has changed."""
    payment.checks = 0
    payment.next_check_at = now + PAUSES[0]


def look_later(payment: Payment, now: datetime) -> None:
    """After a look that changed nothing: lengthen the pause, and stop after the last one.

    A look before the planned time (a buyer's reload, an event) doesn't count.
    """
    if payment.next_check_at is not None and payment.next_check_at > now:
        return
    payment.checks = min(payment.checks + 1, len(PAUSES))
    is_last = payment.checks >= len(PAUSES)
    payment.next_check_at = None if is_last else now + PAUSES[payment.checks]
