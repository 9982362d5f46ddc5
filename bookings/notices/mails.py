"""Writes the mail of a notice, as plain text and HTML."""

from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string

from bookings.models import Notice

TEMPLATES = {
    Notice.Kind.SHOW_CANCELLED: "show_cancelled",
    Notice.Kind.SHOW_MOVED: "show_moved",
    Notice.Kind.TICKET_PAID: "ticket_paid",
    Notice.Kind.MONEY_BACK: "money_back",
    Notice.Kind.REFUNDED: "refunded",
    Notice.Kind.BOOKING_CANCELLED: "booking_cancelled",
    Notice.Kind.PAYMENT_REFUSED: "payment_refused",
}


def compose(notice: Notice, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The mail in plain text and HTML, with times in the cinema's time zone."""
    detail, show = notice.detail, notice.show
    zone = show.screen.cinema.tz
    times = {
        name: datetime.fromisoformat(detail[name]).astimezone(zone)
        for name in ("from", "to")
        if name in detail
    }
    context = {
        "notice": notice,
        "user": notice.user,
        "show": show,
        "was": times.get("from", show.local_start),
        "now_at": times.get("to", show.local_start),
        "seats": detail["seats"],
        "references": detail["references"],
        "amount": Decimal(detail["amount"]),
        "why": detail.get("why", ""),
        "money": detail.get("money", {}),
        "late": detail.get("late", False),
        "site": settings.SITE_URL,
    }
    name = f"bookings/notices/{TEMPLATES[Notice.Kind(notice.kind)]}"
    subject = " ".join(render_to_string(f"{name}_subject.txt", context).split())
    mail = EmailMultiAlternatives(
        subject,
        render_to_string(f"{name}.txt", context),
        to=[notice.user.email],
        headers={"Message-ID": f"<notice-{notice.change}-{notice.pk}@{_domain()}>"},
        connection=connection,
    )
    mail.attach_alternative(render_to_string(f"{name}.html", context), "text/html")
    return mail


def _domain() -> str:
    """The site's host name, for the Message-ID.

    Not the machine's name: another machine may send the mail again, with the same Message-ID.
    """
    return urlsplit(settings.SITE_URL).hostname or "localhost"
