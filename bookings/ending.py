"""Ends bookings: writes the final status, frees the seats, updates `available_seats`.

The caller must have locked the show and these bookings (locks.py).
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F

from shows.models import Seat, Show
from shows.seatmap import current as seatmap

from .models import Booking


def end_bookings(
    bookings: Iterable[Booking],
    now: datetime,
    reason: Booking.EndedReason,
    *,
    swapped: Booking | None = None,
) -> int:
    """End locked bookings of one show and free their seats; returns the number of seats freed.

    A confirmed booking becomes CANCELLED, a hold FAILED. `swapped` is the hold that its owner
    swaps for other seats: its reason is SWAPPED. The others end with `reason`. The caller must pass
    the result to `count_seats`.
    """
    ending = list(bookings)
    if not ending:
        return 0
    for booking in ending:
        was_sold = booking.status == Booking.Status.CONFIRMED
        booking.status = Booking.Status.CANCELLED if was_sold else Booking.Status.FAILED
        booking.ended_reason = Booking.EndedReason.SWAPPED if booking is swapped else reason
        booking.updated_at = now
    for status, ended_reason in {(b.status, b.ended_reason) for b in ending}:
        alike = [b.pk for b in ending if (b.status, b.ended_reason) == (status, ended_reason)]
        Booking.objects.filter(show=ending[0].show_id, pk__in=alike).update(
            status=status, ended_reason=ended_reason, updated_at=now, held_from=""
        )
    seats = Seat.objects.filter(show=ending[0].show_id, booking__in=ending)
    return seats.update(booking=None)


def count_seats(show: Show, change: int) -> None:
    """Add `change` to the show's free seats. After the commit, drop its cached seat map."""
    if change:
        Show.objects.filter(pk=show.pk).update(available_seats=F("available_seats") + change)
    transaction.on_commit(partial(seatmap.forget, show.pk))
