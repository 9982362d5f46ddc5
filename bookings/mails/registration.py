"""Registers the mails about bookings, shows and money with the outbox."""

from accounts.outbox.models import Priority
from accounts.outbox.registry import Compose, register
from bookings.messages.kinds import LABELS, Kind

from . import changes, tickets, waiting_list

FIRST, NORMAL, LAST = Priority.FIRST, Priority.NORMAL, Priority.LAST
KINDS: dict[Kind, tuple[Compose, Priority]] = {
    Kind.BOOKING_CONFIRMED: (tickets.booking_confirmed, FIRST),
    Kind.TICKET_PAID: (tickets.ticket_paid, FIRST),
    Kind.PAYMENT_REFUSED: (tickets.payment_refused, FIRST),
    Kind.SHOW_REMINDER: (tickets.show_reminder, LAST),
    Kind.SHOW_CANCELLED: (changes.show_cancelled, NORMAL),
    Kind.SHOW_MOVED: (changes.show_moved, NORMAL),
    Kind.BOOKING_CANCELLED: (changes.booking_cancelled, NORMAL),
    Kind.MONEY_BACK: (changes.about_money, NORMAL),
    Kind.REFUND_ON_ITS_WAY: (changes.about_money, NORMAL),
    Kind.REFUNDED: (changes.about_money, NORMAL),
}


def register_kinds() -> None:
    """Called when the app starts."""
    for kind, (compose, priority) in KINDS.items():
        register(kind, label=LABELS[kind], compose=compose, priority=priority)
    waiting_list.register_kinds()
