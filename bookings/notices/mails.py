"""Writes the mails about shows and about money, as plain text and HTML."""

from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from accounts.outbox.models import Message, Priority
from accounts.outbox.registry import Drop, Later, register
from bookings.models import Booking
from bookmyshow.core.mail import compose_mail, site_link
from bookmyshow.core.time import database_now
from shows.models import LONG_COLUMNS, Cinema, Show

from .kinds import LABELS, Kind

TEMPLATES = {
    Kind.SHOW_CANCELLED: "show_cancelled",
    Kind.SHOW_MOVED: "show_moved",
    Kind.TICKET_PAID: "ticket_paid",
    Kind.MONEY_BACK: "money_back",
    Kind.REFUNDED: "refund_on_its_way",
    Kind.BOOKING_CANCELLED: "booking_cancelled",
    Kind.PAYMENT_REFUSED: "payment_refused",
}
# How soon to look again at the mail of a hold that is still pending.
HOLD_LATER = timedelta(seconds=15)


def register_kinds() -> None:
    for kind, label in LABELS.items():
        is_first = kind is Kind.TICKET_PAID
        priority = Priority.FIRST if is_first else Priority.NORMAL
        register(kind, label=label, compose=compose, priority=priority)


def compose(message: Message) -> EmailMultiAlternatives | Later | Drop:
    """The mail in plain text and HTML, with times in the cinema's time zone.

    The mail of a hold waits until the hold is confirmed, and is dropped if it never is.
    """
    show = _show(message)
    if show is None:
        return Drop("The show is in the archive.")
    if message.booking and (other := _unless_confirmed(message.booking)):
        return other
    data, cinema = message.data, show.screen.cinema
    times = {
        name: datetime.fromisoformat(data[name]).astimezone(cinema.tz)
        for name in ("from", "to")
        if name in data
    }
    context = {
        "show": show,
        "cinema": cinema,
        "map_link": map_link(cinema),
        "times_link": site_link(show.times_url),
        "starts": times.get("to", show.local_start),
        "was": times.get("from"),
        "seats": data["seats"],
        "references": data["references"],
        "tickets": [
            {"reference": name, "link": site_link(reverse("bookings:booking", args=[name]))}
            for name in data["references"]
        ],
        "amount": Decimal(data["amount"]),
        "currency": show.currency,
        "why": data.get("why", ""),
        "money": data.get("money", {}),
        "late": data.get("late", False),
    }
    template = f"bookings/mail/{TEMPLATES[Kind(message.kind)]}"
    return compose_mail(template, context, to=message.recipient)


def map_link(cinema: Cinema) -> str:
    """Where a map shows the cinema. A phone opens its own map program."""
    query = ", ".join(part for part in (cinema.name, cinema.full_address) if part)
    return f"https://www.google.com/maps/search/?{urlencode({'api': 1, 'query': query})}"


def _show(message: Message) -> Show | None:
    shows = Show.objects.select_related("movie", "screen__cinema").defer(*LONG_COLUMNS)
    return shows.filter(pk=message.show or 0).first()


def _unless_confirmed(booking_id: int) -> Later | Drop | None:
    """What to do with the mail of a hold that is not confirmed; None if it is.

    A lapsed hold is lost only after a sweep wrote FAILED. Until then a confirmation of it may still
    be running.
    """
    status = Booking.objects.filter(pk=booking_id).values_list("status", flat=True).first()
    if status == Booking.Status.CONFIRMED:
        return None
    if status == Booking.Status.PENDING:
        return Later(database_now() + HOLD_LATER)
    return Drop("The hold was not confirmed.")
