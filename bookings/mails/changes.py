"""The mails that say what changed: a show, a booking, or money that goes back.

`message.data` has what was true at the change; composers change nothing.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.mail import EmailMultiAlternatives

from accounts.outbox.models import Message
from accounts.outbox.registry import Drop, Later
from bookings.models import Booking
from bookings.payments.refunds.given_back import refunds_of_booking
from bookmyshow.core.mail import compose_mail
from bookmyshow.core.templatetags.formatting import minor
from bookmyshow.core.time import database_now
from shows.models import Show

from .about import about_show, ticket_link

# How soon to look again at the mail of a hold that is still pending.
HOLD_LATER = timedelta(seconds=15)
ARCHIVED = Drop("The show is in the archive.")
Composed = EmailMultiAlternatives | Later | Drop


def show_cancelled(message: Message) -> Composed:
    return _compose(message, "show_cancelled")


def show_moved(message: Message) -> Composed:
    """The new time. The message about a hold is never sent, because the mail with the ticket tells
    both times (tickets.py). Its row is kept, for `Booking.moved_from`."""
    if message.booking:
        return _of_hold(message.booking)
    return _compose(message, "show_moved")


def booking_cancelled(message: Message) -> Composed:
    """A booking was cancelled by the customer or by staff: what comes back and what is kept."""
    data = message.data
    kept = refunds_of_booking(message.booking).kept if message.booking else 0
    line = ""
    if kept:
        sum_ = minor(kept, data["money"]["currency"])
        terms = "By the terms of this ticket, " if data.get("by_customer") else ""
        line = f"{terms}{sum_} of what you paid is kept."
    return _compose(
        message,
        "booking_cancelled",
        by_customer=bool(data.get("by_customer")),
        kept_line=line,
    )


def about_money(message: Message) -> Composed:
    return _compose(message, message.kind.replace("-", "_"))


def _compose(message: Message, template: str, **more: Any) -> Composed:
    """The mail, with times in the cinema's time zone."""
    show = Show.objects.with_film().filter(pk=message.show or 0).first()
    if show is None:
        return ARCHIVED
    data, zone = message.data, show.screen.cinema.tz
    times = {
        name: datetime.fromisoformat(data[name]).astimezone(zone)
        for name in ("from", "to")
        if name in data
    }
    bookings = Booking.objects.filter(reference__in=data["references"]).select_related("user")
    context = {
        **about_show(show),
        "starts": times.get("to", show.local_start),
        "was": times.get("from"),
        "seats": data["seats"],
        "references": data["references"],
        "tickets": [
            {"reference": booking.reference, "link": ticket_link(booking)}
            for booking in bookings.order_by("pk")
        ],
        "amount": Decimal(data["amount"]),
        "why": data.get("why", ""),
        "money": data.get("money", {}),
        **more,
    }
    return compose_mail(f"bookings/mail/{template}", context)


def _of_hold(booking_id: int) -> Later | Drop:
    """Wait until the hold is over, then drop the message.

    A lapsed hold is lost only after a sweep wrote FAILED. Until then its confirmation may still be
    running.
    """
    status = Booking.objects.filter(pk=booking_id).values_list("status", flat=True).first()
    if status == Booking.Status.PENDING:
        return Later(database_now() + HOLD_LATER)
    if status == Booking.Status.CONFIRMED:
        return Drop("The mail with the ticket tells the new time.")
    return Drop("The hold was not confirmed.")
