"""The two statements of a hold on seats, for `services` alone, under the lock of the show's row.

They are written out because building them anew for each hold took the ORM half of the time that a
hold took (docs/performance.md).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

SEATS_TO_HOLD = """
    SELECT s.id, s.label, s.seat_type, s.booking_id,
           b.status = 'PENDING' AND b.expires_at <= clock.now AS holder_lapsed,
           EXISTS (SELECT FROM bookings_booking own
                   WHERE own.user_id = %(user)s AND own.show_id = s.show_id
                     AND own.status = 'PENDING')
           OR EXISTS (SELECT FROM bookings_booking same
                      WHERE same.user_id = %(user)s AND same.idempotency_key = %(key)s)
           AS has_earlier,
           clock.now
    FROM shows_seat s
    CROSS JOIN (SELECT clock_timestamp() AS now OFFSET 0) clock
    LEFT JOIN bookings_booking b ON b.id = s.booking_id
    WHERE s.show_id = %(show)s AND s.label = ANY(%(labels)s)
    ORDER BY s.position
"""
TAKE_SEATS = """
    WITH taken AS (
        UPDATE shows_seat SET booking_id = %(booking)s
        WHERE id = ANY(%(seats)s) AND booking_id IS NULL
        RETURNING id
    )
    UPDATE shows_show
    SET available_seats = available_seats + %(freed)s - (SELECT count(*) FROM taken)
    WHERE id = %(show)s
    RETURNING (SELECT count(*) FROM taken)
"""


class SeatToHold(NamedTuple):
    """A seat that someone wants, as SEATS_TO_HOLD reads it."""

    id: int
    label: str
    seat_type: str
    booking_id: int | None
    #: Held by a hold that ran out; None where nobody has it.
    holder_lapsed: bool | None
    #: Whether its buyer has a hold at this show, or used this key before.
    has_earlier: bool
    #: The database's clock, read under the show's lock.
    now: datetime


def seats_to_hold(
    show_id: int, labels: Collection[str], *, user_id: int, key: str | None
) -> list[SeatToHold]:
    """The show's seats of these labels, in plan order."""
    values: dict[str, Any] = {
        "show": show_id,
        "labels": list(labels),
        "user": user_id,
        "key": key,
    }
    with connection.cursor() as cursor:
        cursor.execute(SEATS_TO_HOLD, values)
        return [SeatToHold(*row) for row in cursor.fetchall()]


def take_seats(show_id: int, seat_ids: list[int], booking_id: int, *, freed: int) -> int:
    """Give those of the seats that are free to the booking; returns how many that were.

    The show's counter follows, for these and for the `freed` seats that ended bookings gave back.
    """
    values: dict[str, Any] = {
        "show": show_id,
        "seats": seat_ids,
        "booking": booking_id,
        "freed": freed,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE_SEATS, values)
        (taken,) = cursor.fetchone()
    return int(taken)
