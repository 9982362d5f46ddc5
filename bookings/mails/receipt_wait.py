"""Mails with a ticket that wait for the number of their receipt."""

from datetime import timedelta

from accounts.outbox.models import Message
from accounts.outbox.services import nudge
from bookings.messages.kinds import Kind
from bookmyshow.core.time import database_now

#: How long such a mail waits at most. Then it is sent without the receipt. A worker numbers a
#: receipt some seconds after the payment.
RECEIPT_WAIT = timedelta(seconds=90)
#: The pause between two looks.
RECEIPT_LATER = timedelta(seconds=5)


def receipts_are_numbered() -> int:
    """Make the mails that wait for a receipt due now, and have them sent. Returns how many.

    Called after receipts were numbered. A mail whose receipt is not among them waits again.
    """
    now = database_now()
    made_due = (
        Message.objects.waiting()
        .filter(
            kind__in=[Kind.BOOKING_CONFIRMED, Kind.TICKET_PAID],
            created_at__gt=now - RECEIPT_WAIT,
            next_try_at__gt=now,
            last_error="",
        )
        .update(next_try_at=now)
    )
    if made_due:
        nudge()
    return made_due
