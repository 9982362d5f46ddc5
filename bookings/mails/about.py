"""What all mails about a booking have: the show, the place, the seats, the links."""

from typing import Any
from urllib.parse import urlencode

from accounts.outbox.models import Message
from bookings.guests.links import guest_link
from bookings.models import Booking
from bookmyshow.core.mail import site_link
from shows.models import Cinema, Show


def booking_of(message: Message) -> Booking | None:
    """The booking of a message, with its show and person. None if it is in the archive.

    A message of an earlier release names its booking by the reference only.
    """
    found = Booking.objects.with_show().select_related("user")
    if message.booking:
        of_show = {"show": message.show} if message.show else {}
        return found.filter(pk=message.booking, **of_show).first()
    return found.filter(reference__in=message.data.get("references", [])[:1]).first()


def about_booking(booking: Booking) -> dict[str, Any]:
    """The context of a mail about this booking, for `templates/bookings/mail/`."""
    return {
        **about_show(booking.show),
        "seats": booking.seats,
        "references": [booking.reference],
        "tickets": [{"reference": booking.reference, "link": ticket_link(booking)}],
    }


def about_show(show: Show) -> dict[str, Any]:
    """The part of that context about the show. It is read with its film, screen and cinema."""
    cinema = show.screen.cinema
    return {
        "show": show,
        "cinema": cinema,
        "map_link": map_link(cinema),
        "times_link": site_link(show.times_url),
        "starts": show.local_start,
        "currency": show.currency,
    }


def ticket_link(booking: Booking) -> str:
    """The address where its owner opens the booking. A guest's has a signed token, so it is made
    when the mail is sent, and stored nowhere."""
    return guest_link(booking) or site_link(booking.get_absolute_url())


def map_link(cinema: Cinema) -> str:
    """Where a map shows the cinema. A phone opens its own map program. "" without an address."""
    if not cinema.full_address:
        return ""
    query = urlencode({"api": 1, "query": f"{cinema.name}, {cinema.full_address}"})
    return f"https://www.google.com/maps/search/?{query}"
