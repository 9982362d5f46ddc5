"""Writes the mail of a notice, as plain text and HTML."""

from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse

from bookings.models import Notice
from bookmyshow.core.mail import compose_mail, site_link
from shows.models import Cinema

TEMPLATES = {
    Notice.Kind.SHOW_CANCELLED: "show_cancelled",
    Notice.Kind.SHOW_MOVED: "show_moved",
    Notice.Kind.TICKET_PAID: "ticket_paid",
    Notice.Kind.MONEY_BACK: "money_back",
    Notice.Kind.REFUNDED: "refund_on_its_way",
    Notice.Kind.BOOKING_CANCELLED: "booking_cancelled",
    Notice.Kind.PAYMENT_REFUSED: "payment_refused",
}


def compose(notice: Notice, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The mail in plain text and HTML, with times in the cinema's time zone."""
    detail, show = notice.detail, notice.show
    cinema = show.screen.cinema
    times = {
        name: datetime.fromisoformat(detail[name]).astimezone(cinema.tz)
        for name in ("from", "to")
        if name in detail
    }
    context = {
        "show": show,
        "cinema": cinema,
        "map_link": map_link(cinema),
        "times_link": site_link(show.times_url),
        "starts": times.get("to", show.local_start),
        "was": times.get("from"),
        "seats": detail["seats"],
        "references": detail["references"],
        "tickets": [
            {"reference": name, "link": site_link(reverse("bookings:booking", args=[name]))}
            for name in detail["references"]
        ],
        "amount": Decimal(detail["amount"]),
        "currency": show.currency,
        "why": detail.get("why", ""),
        "money": detail.get("money", {}),
        "late": detail.get("late", False),
    }
    name = f"bookings/mail/{TEMPLATES[Notice.Kind(notice.kind)]}"
    mail = compose_mail(name, context, to=notice.user.email)
    mail.connection = connection
    mail.extra_headers["Message-ID"] = f"<notice-{notice.change}-{notice.pk}@{_domain()}>"
    return mail


def map_link(cinema: Cinema) -> str:
    """Where a map shows the cinema. A phone opens its own map program."""
    query = ", ".join(part for part in (cinema.name, cinema.full_address) if part)
    return f"https://www.google.com/maps/search/?{urlencode({'api': 1, 'query': query})}"


def _domain() -> str:
    """The site's host name, for the Message-ID.

    Not the machine's name: another machine may send the mail again, with the same Message-ID.
    """
    return urlsplit(settings.SITE_URL).hostname or "localhost"
