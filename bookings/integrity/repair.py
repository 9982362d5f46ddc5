"""Repairs breaches of the invariants of docs/spec.md §4.10 (`check_integrity --fix`).

A breach can come from SQL typed by hand, or from a restore of only some tables. The seats that a
booking lists count as correct. The rows of seats and the counters of shows are changed to match.
Each show is repaired in one transaction, with locks in the order of bookings/locks.py.
"""

from dataclasses import dataclass, field

from django.db import connection, transaction

from bookings.models import Booking
from bookings.waiting_list.offers import offer_free_seats
from bookmyshow.core.time import database_now
from shows.models import Seat, Show
from shows.seatmap import current as seatmap

# Shows with a breach. The three parts: a live booking does not own exactly the seats that it lists;
# a seat belongs to an ended booking or to another show's booking; a counter is wrong. If two live
# bookings list one seat, one of them does not own it, so the first part finds the show.
BROKEN_SHOWS = """
    SELECT b.show_id FROM bookings_booking b
    LEFT JOIN LATERAL (
        SELECT array_agg(s.label::varchar ORDER BY s.position) AS labels
        FROM shows_seat s WHERE s.booking_id = b.id AND s.show_id = b.show_id
    ) owned ON true
    WHERE b.status IN ('PENDING', 'CONFIRMED')
      AND owned.labels IS DISTINCT FROM b.seats::varchar[]
    UNION
    SELECT s.show_id FROM shows_seat s JOIN bookings_booking b ON b.id = s.booking_id
    WHERE b.status NOT IN ('PENDING', 'CONFIRMED') OR b.show_id <> s.show_id
    UNION
    SELECT w.id FROM shows_show w
    CROSS JOIN LATERAL (
        SELECT count(*) AS total, count(*) FILTER (WHERE s.booking_id IS NULL) AS free
        FROM shows_seat s WHERE s.show_id = w.id
    ) c
    WHERE w.available_seats <> c.free OR w.total_seats <> c.total
    ORDER BY 1
"""


@dataclass(slots=True)
class Repair:
    """The result for one show.

    `contested` has a text "reference label" for each listed seat that the booking could not get.
    Staff must decide about these.
    """

    show_id: int
    seats_changed: int = 0
    contested: list[str] = field(default_factory=list)


def broken_shows() -> list[int]:
    """The ids of all shows with a breach, in order."""
    with connection.cursor() as cursor:
        cursor.execute(BROKEN_SHOWS)
        return [show_id for (show_id,) in cursor.fetchall()]


def repair_show(show_id: int) -> Repair:
    """Change the seats and counters of a show to match its live bookings.

    If two bookings list one seat, the booking confirmed first gets it. The other booking is put in
    `contested`, because staff have to call its customer. So is a booking that lists a seat that
    the show does not have.
    """
    repair = Repair(show_id)
    with transaction.atomic():
        show = Show.objects.select_for_update(no_key=True).get(pk=show_id)
        live = list(
            Booking.objects.select_for_update(no_key=True)
            .filter(show_id=show_id, status__in=["PENDING", "CONFIRMED"])
            .order_by("pk")
        )
        seats = list(Seat.objects.filter(show_id=show_id).order_by("pk"))
        owners = _owners(live, {seat.label for seat in seats}, repair)
        wrong = [seat for seat in seats if seat.booking_id != owners.get(seat.label)]
        for seat in wrong:
            seat.booking_id = owners.get(seat.label)
        Seat.objects.bulk_update(wrong, ["booking"])
        repair.seats_changed = len(wrong)
        free = sum(seat.booking_id is None for seat in seats)
        Show.objects.filter(pk=show_id).update(total_seats=len(seats), available_seats=free)
        transaction.on_commit(lambda: seatmap.forget(show_id))
        offer_free_seats(show, database_now())
    return repair


def _owners(live: list[Booking], labels: set[str], repair: Repair) -> dict[str, int]:
    """The id of the booking that gets each seat, by label. Fills `repair.contested`.

    Confirmed bookings choose first, in the order of confirmation. Then come holds, oldest first.
    """
    owners: dict[str, int] = {}
    for booking in sorted(live, key=lambda b: (b.confirmed_at is None, b.confirmed_at, b.pk)):
        for label in booking.seats:
            if label not in labels or label in owners:
                repair.contested.append(f"{booking.reference} {label}")
            else:
                owners[label] = booking.pk
    return owners
