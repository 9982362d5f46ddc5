"""What a browser keeps of a person's coming tickets."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.template.loader import get_template, render_to_string
from django.templatetags.static import static
from django.urls import reverse

from accounts.models import User
from bookings.models import Booking
from bookings.payments.orders.payment_status import PaymentStatus, payment_statuses
from bookings.tickets.services import door_token

#: The nearest shows first. One ticket takes about 100 KB in the browser.
MOST_TICKETS = 12
STYLES = ("tokens", "base", "controls", "components", "frame", "booking", "ticket", "offline")


def coming_tickets(people: Sequence[User], *, at: datetime) -> list[Booking]:
    """The tickets of these people for shows that are not over, at most MOST_TICKETS."""
    tickets = Booking.objects.filter(
        user__in=people, status=Booking.Status.CONFIRMED, show__ends_at__gt=at
    )
    return list(tickets.with_show().order_by("show__starts_at", "pk")[:MOST_TICKETS])


def page_files() -> list[str]:
    """The addresses of the files that the saved pages need."""
    return [
        *(static(f"css/{name}.css") for name in STYLES),
        static("js/site.js"),
        static("js/press.js"),
        static("js/ticket.js"),
        static("icons.svg"),
        static("favicon.svg"),
        static("fonts/figtree-latin.woff2"),
        static("fonts/bricolage-grotesque-latin.woff2"),
    ]


def what_to_save(tickets: list[Booking]) -> list[dict[str, Any]]:
    """For each ticket: its addresses, its row in the list, and until when to keep it."""
    money = payment_statuses(tickets)
    return [_entry(ticket, money[ticket.pk]) for ticket in tickets]


def saved_page(ticket: Booking, money: PaymentStatus) -> dict[str, Any]:
    """The context of the page that is saved, without its QR code."""
    poster = ticket.show.movie.poster_src
    return {
        "booking": ticket,
        "show": ticket.show,
        "money": money,
        "is_copy": True,
        # A poster of another site can't be saved.
        "poster": poster if poster.startswith("/") else "",
    }


def _entry(ticket: Booking, money: PaymentStatus) -> dict[str, Any]:
    context = saved_page(ticket, money)
    reference = ticket.reference
    addresses = {
        name: reverse(f"bookings:{name}", args=[reference])
        for name in ("booking", "saved", "pdf", "qr")
    }
    return {
        "reference": reference,
        "page": addresses["booking"],
        "copy": addresses["saved"],
        "files": [addresses["pdf"], addresses["qr"]],
        "poster": context["poster"],
        "row": render_to_string("bookings/offline/_row.html", context),
        "until": ticket.show.ends_at.isoformat(),
        "version": _version(ticket, context),
    }


def _version(ticket: Booking, context: dict[str, Any]) -> str:
    """Changes with anything that the saved page or the PDF says, and with their look.

    The page is not rendered for this: that takes 25 times as long as the ticket in it.
    """
    seen = [
        render_to_string("bookings/tickets/_card.html", context),
        door_token(ticket),
        ticket.updated_at.isoformat(),
        *page_files(),
        _around_the_ticket(),
    ]
    return hashlib.blake2b("\n".join(seen).encode(), digest_size=12).hexdigest()


@cache
def _around_the_ticket() -> str:
    """The templates of the saved page, without the ticket itself."""
    names = (
        "base.html",
        "bookings/offline/ticket.html",
        "_header_for_all.html",
        "bookings/tickets/_qr_light.html",
    )
    return "".join(get_template(name).template.source for name in names)  # type: ignore[attr-defined]
