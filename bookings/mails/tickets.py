"""The mails about a ticket: booked, paid afterwards, refused by the bank, begins soon.

Composers read what is true when the mail is sent, and change nothing.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from accounts.outbox.models import Message
from accounts.outbox.registry import Drop, Later
from bookings.models import Booking
from bookings.payments.checkout.pages import due_words, paid_words
from bookings.payments.orders.payment_status import PaymentStatus, Status, payment_status
from bookings.payments.refunds.given_back import cancel_choice
from bookings.wallet.offers import wallets_for
from bookmyshow.core.mail import compose_mail, site_link
from bookmyshow.core.time import database_now

from .about import about_booking, booking_of
from .attachments import attach_receipt, attach_ticket, receipts
from .receipt_wait import RECEIPT_LATER, RECEIPT_WAIT

NO_TICKET = Drop("The booking is not a ticket any more.")
REFUSED = Drop("The bank refused the payment, and that mail has the ticket.")
Composed = EmailMultiAlternatives | Later | Drop


def booking_confirmed(message: Message) -> Composed:
    """The ticket, its calendar entry, and the receipt if it was paid."""
    booking, now = booking_of(message), database_now()
    if booking is None or booking.status != Booking.Status.CONFIRMED:
        return NO_TICKET
    money = payment_status(booking)
    is_again = bool(message.data.get("again"))
    if money.status == Status.UNPAID and not is_again:
        return REFUSED
    found = receipts(booking)
    if found is None and now < message.created_at + RECEIPT_WAIT:
        return Later(now + RECEIPT_LATER)
    context = {
        **about_booking(booking),
        **_money_lines(booking, money),
        "was": booking.moved_from(),
        "again": is_again,
        "late": bool(money.order and money.order.created_at < booking.created_at),
        "has_receipt": bool(found),
        "terms": cancel_terms(booking, at=now),
        "wallets": _wallet_links(booking, at=now),
    }
    mail = compose_mail("bookings/mail/booking_confirmed", context)
    attach_ticket(mail, booking, money)
    attach_receipt(mail, found or [])
    return mail


def ticket_paid(message: Message) -> Composed:
    """A ticket that was to be paid at the cinema is paid: its ticket and receipt."""
    booking, now = booking_of(message), database_now()
    if booking is None or booking.status != Booking.Status.CONFIRMED:
        return NO_TICKET
    money = payment_status(booking)
    if money.status == Status.UNPAID:
        return REFUSED
    found = receipts(booking)
    if found is None and now < message.created_at + RECEIPT_WAIT:
        return Later(now + RECEIPT_LATER)
    context = {**about_booking(booking), "amount": Decimal(message.data["amount"])}
    mail = compose_mail("bookings/mail/ticket_paid", context)
    attach_ticket(mail, booking, money)
    attach_receipt(mail, found or [])
    return mail


def payment_refused(message: Message) -> Composed:
    """The seats are booked, and the bank refused the money: the ticket, and how to pay again."""
    booking = booking_of(message)
    if booking is None or booking.status != Booking.Status.CONFIRMED:
        return NO_TICKET
    money = payment_status(booking)
    if not money.amount_due:
        return Drop("The ticket is paid by now.")
    context = {**about_booking(booking), "amount": Decimal(message.data["amount"])}
    mail = compose_mail("bookings/mail/payment_refused", context)
    attach_ticket(mail, booking, money)
    return mail


def show_reminder(message: Message) -> Composed:
    """The show begins in some hours. Dropped if it was moved, or if the ticket was used."""
    booking = booking_of(message)
    if booking is None or booking.status != Booking.Status.CONFIRMED:
        return NO_TICKET
    if booking.show.is_cancelled or booking.show.starts_at != message.expires_at:
        return Drop("The show was moved or cancelled.")
    if hasattr(booking, "admission"):
        return Drop("The ticket was used at the door.")
    money = payment_status(booking)
    context = {**about_booking(booking), **_money_lines(booking, money)}
    return compose_mail("bookings/mail/show_reminder", context)


def cancel_terms(booking: Booking, *, at: datetime) -> list[str]:
    """How a ticket can be cancelled and until when, in sentences. Empty once the show began."""
    if booking.show.has_started(at):
        return []
    choice = cancel_choice(booking, at=at)
    if choice is None or not choice.offer.paid:
        return ["You can cancel on the ticket’s page until the show begins."]
    if choice.is_free:
        return [
            "The cinema moved this show. Until it begins you can cancel on the ticket’s page, and "
            "all of your money comes back."
        ]
    return ["You can cancel on the ticket’s page.", *choice.terms]


def _money_lines(booking: Booking, money: PaymentStatus) -> dict[str, Any]:
    """What was paid, or what is still to pay, in words."""
    due = due_words(money)
    if due or booking.total_amount:
        return {"money_line": due or paid_words(money), "is_due": bool(due)}
    return {"money_line": "Nothing to pay", "is_due": False}


def _wallet_links(booking: Booking, *, at: datetime) -> list[dict[str, str]]:
    """The wallets that the site offers. None for a guest, who finds them on the ticket's page: in
    a browser without the guest these addresses ask for a log-in."""
    if booking.user.is_guest:
        return []
    wallets, reference = wallets_for(booking, at=at), booking.reference
    offered = (
        (wallets.apple, "Add to Apple Wallet", "bookings:apple-pass"),
        (wallets.google, "Save to Google Wallet", "bookings:google-wallet"),
    )
    return [
        {"label": label, "link": site_link(reverse(name, args=[reference]))}
        for has, label, name in offered
        if has
    ]
