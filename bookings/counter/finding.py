"""Finds bookings at the counter: by the ticket's code, its reference, the name or the phone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bookings.models import Booking
from bookings.search import matching
from bookings.tickets.reading import read_ticket
from shows.models import Cinema

#: Customers come before the show, and some after it has begun.
SINCE = timedelta(hours=12)
MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class Found:
    """The bookings that match, the next to begin first. `is_cut`: there are more."""

    bookings: list[Booking]
    is_cut: bool


def find(typed: str, *, cinema: Cinema | None, at: datetime) -> Found:
    """Find bookings by what was scanned or typed.

    A whole reference finds its booking at every cinema. Anything else finds the coming bookings of
    this cinema; those of shows that began more than SINCE ago are left out.
    """
    bookings = Booking.objects.with_show().select_related("user")
    reference = read_ticket(typed)
    whole = list(bookings.filter(reference=reference)) if reference else []
    if whole:
        return Found(whole, is_cut=False)
    coming = bookings.but_ended_holds(at=at).filter(
        show__screen__cinema=cinema, show__starts_at__gt=at - SINCE
    )
    matched, is_cut = matching(coming, typed)
    found = list(matched.order_by("show__starts_at", "pk")[: MOST_FOUND + 1])
    return Found(found[:MOST_FOUND], is_cut or len(found) > MOST_FOUND)
