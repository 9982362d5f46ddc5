"""Writes the mails about money, in the transaction of the change; they are sent later.

The id of each mail is made from its payment, so that a payment has one mail of a kind at most.
"""

import logging

from bookings.messages.kinds import Kind
from bookings.messages.services import write_about_money
from bookings.models import Booking
from bookings.payments.models import Order, Payment
from bookmyshow.core.currencies import from_minor

log = logging.getLogger(__name__)


def mail_paid(payment: Payment, order: Order, booking: Booking) -> None:
    """A ticket that was to be paid at the cinema is paid online."""
    _write(Kind.TICKET_PAID, payment, order, booking)


def mail_money_back(payment: Payment, order: Order, booking: Booking | None, why: str) -> None:
    """The buyer's money is not taken, or goes back: `why` is a clause that follows "because"."""
    if booking is None:
        # The show is in the archive, months after it ended. A mail needs the show's row.
        log.error("payment %s goes back, and nobody is told: its show is archived", payment.pk)
        return
    _write(Kind.MONEY_BACK, payment, order, booking, why=why)


def mail_refused(payment: Payment, order: Order, booking: Booking) -> None:
    """The bank refused the money after the seats were given: it can be paid again by the link."""
    _write(Kind.PAYMENT_REFUSED, payment, order, booking)


def _write(kind: Kind, payment: Payment, order: Order, booking: Booking, **detail: object) -> None:
    write_about_money(
        kind=kind,
        event=payment.uuid,
        user_id=order.user_id,
        show_id=booking.show_id,
        booking_id=booking.pk,
        detail={
            "references": [booking.reference],
            "seats": order.seats,
            "amount": str(from_minor(payment.amount, payment.currency)),
            "currency": payment.currency,
            "order": order.reference,
            **detail,
        },
    )
