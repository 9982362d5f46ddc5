"""The seats of a payment: confirms the hold in time, or takes the same seats again if it is late.

The caller has the locks: of the booking to confirm it, and of the show and of the bookings that had
the seats to take them again (docs/spec.md §4.2).
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from bookings.ending import count_seats, end_bookings
from bookings.models import Booking
from bookings.waiting_list.offers import note_bought, offer_free_seats
from bookmyshow.core.observability import metrics
from shows.models import Seat, Show
from shows.seatmap import current as seatmap

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
LAPSED = Booking.EndedReason.LAPSED
# A booking needs an end of its hold after its confirmation, also if it never was a hold.
MOMENT = timedelta(seconds=1)


def confirm_hold(booking: Booking, now: datetime) -> None:
    """Confirm a locked hold that has not lapsed at `now`, which was read after the lock."""
    booking.status = CONFIRMED
    booking.confirmed_at = booking.updated_at = now
    booking.held_from = ""
    booking.save(update_fields=["status", "confirmed_at", "updated_at", "held_from"])
    note_bought(booking, now)
    transaction.on_commit(partial(seatmap.forget, booking.show_id))
    seconds = (now - booking.created_at).total_seconds()
    transaction.on_commit(partial(metrics.HOLD_TO_CONFIRM.observe, seconds))


def holders(show_id: int, labels: list[str]) -> set[int]:
    """The bookings that have these seats now, to lock them. Read under the show's lock."""
    seats = Seat.objects.filter(show_id=show_id, label__in=labels, booking__isnull=False)
    return set(seats.order_by().values_list("booking_id", flat=True))


def take_again(
    late: Booking, *, show: Show, locked: list[Booking], now: datetime
) -> Booking | None:
    """A confirmed booking of the same seats for a buyer whose hold lapsed; None if one is taken.

    `show` is locked, and `locked` are all bookings that have the seats (`holders`), with locks. If
    nobody has freed the seats of the late hold yet, they are still the buyer's. Seats of other
    lapsed holds go to the waiting list first.
    """
    if show.is_cancelled or show.has_started(now):
        return None
    if any(
        not booking.has_lapsed(now) for booking in locked if booking.status in {PENDING, CONFIRMED}
    ):
        return None
    lapsed = [booking for booking in locked if booking.has_lapsed(now)]
    if others := [booking for booking in lapsed if booking.pk != late.pk]:
        count_seats(show, end_bookings(others, now, LAPSED))
        offers = offer_free_seats(show, now, first=late.seats)
        offered = {label for offer in offers for label in offer.seats}
        if not offered.isdisjoint(late.seats):
            return None
    freed = end_bookings([booking for booking in lapsed if booking.pk == late.pk], now, LAPSED)
    new = Booking.objects.create(
        user_id=late.user_id,
        show_id=late.show_id,
        total_seats=late.total_seats,
        total_amount=late.total_amount,
        seats=late.seats,
        seat_prices=late.seat_prices,
        status=CONFIRMED,
        created_at=now,
        updated_at=now,
        confirmed_at=now,
        expires_at=now + MOMENT,
    )
    seats = Seat.objects.filter(show_id=late.show_id, label__in=late.seats, booking=None)
    if seats.update(booking=new) != len(late.seats):
        raise RuntimeError(f"show {show.pk}: a seat changed hands without the show's lock")
    count_seats(show, freed - len(late.seats))
    note_bought(new, now, late=late)
    return new
