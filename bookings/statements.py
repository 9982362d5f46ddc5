"""The statements of the hot path that follow the show's lock, written out; for `services` alone.

A hold's two because building them anew each time took the ORM half of the time that a hold took,
the sweep's one because buyers wait for as long as it keeps a show (docs/performance.md).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from bookmyshow.prepared import prepared_cursor

from .models import Booking

SEATS_TO_HOLD = """
    SELECT s.id, s.label, s.seat_type, s.booking_id,
           b.status = 'PENDING' AND b.expires_at <= clock.now AS holder_lapsed,
           EXISTS (SELECT FROM bookings_booking own
                   WHERE own.user_id = %(user)s::bigint AND own.show_id = %(show)s::bigint
                     AND own.status = 'PENDING')
           OR EXISTS (SELECT FROM bookings_booking same
                      WHERE same.user_id = %(user)s::bigint
                        AND same.idempotency_key = %(key)s::text)
           AS has_earlier,
           clock.now
    FROM shows_seat s
    CROSS JOIN (SELECT clock_timestamp() AS now OFFSET 0) clock
    LEFT JOIN bookings_booking b ON b.id = s.booking_id
    WHERE s.show_id = %(show)s::bigint AND s.label = ANY(%(labels)s::text[])
    ORDER BY s.position
"""
# A seat that isn't free any more is not taken, and not counted.
TAKE_SEATS = """
    WITH held AS (
        INSERT INTO bookings_booking (
            reference, user_id, show_id, total_seats, total_amount, seats, seat_prices, status,
            created_at, updated_at, expires_at, ended_reason, idempotency_key, idempotency_hash
        ) VALUES (
            %(reference)s, %(user_id)s::bigint, %(show_id)s::bigint, %(total_seats)s::smallint,
            %(total_amount)s, %(seats)s::text[], %(seat_prices)s::numeric[], %(status)s,
            %(created_at)s, %(updated_at)s, %(expires_at)s, %(ended_reason)s,
            %(idempotency_key)s::text, %(idempotency_hash)s
        )
        RETURNING id
    ), taken AS (
        UPDATE shows_seat SET booking_id = held.id FROM held
        WHERE shows_seat.id = ANY(%(seat_ids)s::bigint[]) AND booking_id IS NULL
        RETURNING shows_seat.id
    )
    UPDATE shows_show
    SET available_seats = available_seats + %(freed)s::int - (SELECT count(*) FROM taken)
    WHERE id = %(show_id)s::bigint
    RETURNING (SELECT id FROM held), (SELECT count(*) FROM taken)
"""

# What the loss of power undoes is done again by the next sweep, so its commit needn't wait for the
# disk; whatever is committed after it can't be kept without it.
EXPIRE_HOLDS = """
    WITH clock AS MATERIALIZED (
        SELECT clock_timestamp() AS now, set_config('synchronous_commit', 'off', true)
    ), lapsed AS (
        SELECT b.id, clock.now FROM bookings_booking b CROSS JOIN clock
        WHERE b.show_id = %(show)s::bigint AND b.status = 'PENDING' AND b.expires_at <= clock.now
        ORDER BY b.id FOR NO KEY UPDATE OF b
    ), ended AS (
        UPDATE bookings_booking b
        SET status = 'FAILED', ended_reason = 'lapsed', updated_at = lapsed.now
        FROM lapsed WHERE b.id = lapsed.id
        RETURNING b.reference, b.seats
    ), freed AS (
        UPDATE shows_seat s SET booking_id = NULL FROM lapsed WHERE s.booking_id = lapsed.id
        RETURNING s.id
    ), counted AS (
        UPDATE shows_show SET available_seats = available_seats + (SELECT count(*) FROM freed)
        WHERE id = %(show)s::bigint AND EXISTS (SELECT FROM freed)
    )
    SELECT reference, seats FROM ended
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
    with prepared_cursor() as cursor:
        cursor.execute(SEATS_TO_HOLD, values)
        return [SeatToHold(*row) for row in cursor.fetchall()]


def take_seats(booking: Booking, seat_ids: list[int], *, freed: int) -> int:
    """Write a new booking and give it those of the seats that are free; returns how many that were.

    The show's counter follows, for these and for the `freed` seats that ended bookings gave back.
    """
    values = {field.attname: getattr(booking, field.attname) for field in FIELDS}
    with prepared_cursor() as cursor:
        cursor.execute(TAKE_SEATS, {**values, "seat_ids": seat_ids, "freed": freed})
        booking.pk, taken = cursor.fetchone()
    booking._state.adding = False
    return int(taken)


def expire_holds_of(show_id: int) -> list[tuple[str, list[str]]]:
    """End the show's lapsed holds and free their seats; returns their references and seats."""
    with prepared_cursor() as cursor:
        cursor.execute(EXPIRE_HOLDS, {"show": show_id})
        return list(cursor.fetchall())


FIELDS = [field for field in Booking._meta.concrete_fields if not field.primary_key]
