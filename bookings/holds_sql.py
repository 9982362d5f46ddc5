"""The statements of the hot path that follow a lock, written out; for `services` alone.

Those of holds and confirmations because building them anew each time took the ORM half of the time
that a hold took, the sweep's because buyers wait for as long as it keeps a show
(docs/performance.md).
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.utils import CursorWrapper

from bookmyshow.core.db.prepared import commit_with_it, first_row, one_trip, prepared_cursor
from bookmyshow.core.observability import metrics

from .hold_limits import LOCK_PERSON, PERSON_AT_SHOW, WITHIN_LIMITS, HoldLimits
from .models import Booking, new_reference

FIELDS = [field.attname for field in Booking._meta.concrete_fields]
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
# All or nothing: no row where anything stands in the way, for SEATS_TO_HOLD to tell what. A seat
# that changed hands, as it can't under the show's lock, is a division by zero and undoes it all.
# The person's limits are read as `hold_limits` says. An earlier hold or key of the person's is a
# conflict with a unique index: a subquery asking for it had a plan that read every hold of the
# house, kept from when there was none.
# The commit doesn't wait for the disk, for everybody else who wants this show would wait as well. A
# database that crashes may forget the holds of its last half second, whole; a confirmation waits
# for the disk, and with it for the hold that it confirms.
TAKE_FREE_SEATS = f"""
    WITH clock AS MATERIALIZED (
        SELECT coalesce(%(now)s::timestamptz, clock_timestamp()) AS now,
               set_config('synchronous_commit', 'off', true)
    ), wanted AS (
        SELECT array_agg(s.label ORDER BY s.position) AS labels,
               array_agg(s.price ORDER BY s.position) AS prices,
               sum(s.price) AS amount
        FROM (
            SELECT seat.label, seat.position,
                   CASE seat.seat_type WHEN 'premium' THEN show.premium_price
                   ELSE show.standard_price END AS price
            FROM shows_show show JOIN shows_seat seat ON seat.show_id = show.id CROSS JOIN clock
            WHERE show.id = %(show)s::bigint AND show.status = 'SCHEDULED'
              AND show.starts_at > clock.now
              AND seat.label = ANY(%(labels)s::text[]) AND seat.booking_id IS NULL
        ) s
        HAVING count(*) = cardinality(%(labels)s::text[])
    ), person AS ({PERSON_AT_SHOW}
    ), held AS (
        INSERT INTO bookings_booking (
            reference, user_id, show_id, total_seats, total_amount, seats, seat_prices, status,
            created_at, updated_at, expires_at, ended_reason, idempotency_key, idempotency_hash,
            held_from
        )
        SELECT %(reference)s, %(user)s::bigint, %(show)s::bigint, cardinality(labels), amount,
               labels, prices, 'PENDING', now, now,
               coalesce(%(expires_at)s::timestamptz, now + %(lasts)s::interval), '',
               %(key)s::text, %(hash)s, %(held_from)s::text
        FROM wanted CROSS JOIN clock
        WHERE %(checked)s::bool OR (SELECT {WITHIN_LIMITS} FROM person CROSS JOIN clock)
        ON CONFLICT DO NOTHING
        RETURNING *
    ), taken AS (
        UPDATE shows_seat SET booking_id = held.id FROM held
        WHERE shows_seat.show_id = %(show)s::bigint
          AND shows_seat.label = ANY(%(labels)s::text[]) AND shows_seat.booking_id IS NULL
        RETURNING shows_seat.id
    ), counted AS (
        UPDATE shows_show SET available_seats = available_seats - held.total_seats FROM held
        WHERE shows_show.id = %(show)s::bigint
    )
    SELECT {", ".join(FIELDS)}, 1 / ((SELECT count(*) FROM taken) = total_seats)::int FROM held
"""
# A move of the show locks its bookings too, so under the booking's lock its time can't change.
CONFIRM_HOLD = """
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now), confirmed AS (
        UPDATE bookings_booking b
        SET status = 'CONFIRMED', confirmed_at = clock.now, updated_at = clock.now, held_from = ''
        FROM clock
        WHERE b.user_id = %(user)s::bigint AND b.reference = %(reference)s
          AND b.status = 'PENDING' AND b.expires_at > clock.now
          AND (%(most_seats)s::int IS NULL OR b.total_seats + (
              SELECT coalesce(sum(other.total_seats), 0)
              FROM bookings_booking other JOIN shows_show show ON show.id = other.show_id
              WHERE other.user_id = %(user)s::bigint AND other.status = 'CONFIRMED'
                AND show.starts_at > clock.now) <= %(most_seats)s::int)
          AND (%(starts_at)s::timestamptz IS NULL
               OR EXISTS (SELECT FROM shows_show s
                          WHERE s.id = b.show_id AND s.starts_at = %(starts_at)s::timestamptz))
        RETURNING b.id
    )
    SELECT clock.now, EXISTS (SELECT FROM confirmed) FROM clock
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
        SET status = 'FAILED', ended_reason = 'lapsed', updated_at = lapsed.now, held_from = ''
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


# Parameters of a statement that doesn't check the limits.
NO_LIMITS: dict[str, Any] = dict.fromkeys(
    ["seats_at_show", "holds", "unpaid", "pause", "seats_of_address"]
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatsToTake:
    """What TAKE_FREE_SEATS is asked for: these seats, for that person."""

    show_id: int
    labels: Collection[str]
    user_id: int
    key: str | None
    hash: str
    #: None for staff, who have no limits.
    limits: HoldLimits | None
    held_from: str

    def lock_and_take(self, lock: str) -> Booking | None:
        """Lock the show, then take the seats if they are free and nothing else is in the way: an
        earlier hold or key of the person's, a limit, the show's beginning or end.

        All statements and the commit are sent together: who else wants this show waits for no
        answer to come here and back.
        """
        with one_trip(), prepared_cursor() as locking, prepared_cursor() as taking:
            started = time.perf_counter()
            locking.execute(lock, [self.show_id])
            if self.limits:
                locking.execute(LOCK_PERSON, [self.user_id])
            taking.execute(TAKE_FREE_SEATS, self._values(None, None, checked=not self.limits))
            commit_with_it()
            try:
                return self._taken(taking)
            finally:
                metrics.LOCK_WAITS.observe(time.perf_counter() - started)

    def take(self, now: datetime, expires_at: datetime | None) -> Booking | None:
        """The same of a show that is locked already, with the database's clock read since.

        The limits were checked under that lock. The hold ends at `expires_at`, or else in
        BOOKING_EXPIRY_MINUTES.
        """
        with prepared_cursor() as cursor:
            cursor.execute(TAKE_FREE_SEATS, self._values(now, expires_at, checked=True))
            return self._taken(cursor)

    def _values(
        self, now: datetime | None, expires_at: datetime | None, *, checked: bool
    ) -> dict[str, Any]:
        limits = self.limits.values() if self.limits else NO_LIMITS
        return limits | {
            "checked": checked,
            "held_from": self.held_from,
            "show": self.show_id,
            "labels": list(self.labels),
            "reference": new_reference(),
            "user": self.user_id,
            "key": self.key,
            "hash": self.hash if self.key else "",
            "now": now,
            "expires_at": expires_at,
            "lasts": timedelta(minutes=settings.BOOKING_EXPIRY_MINUTES),
        }

    def _taken(self, cursor: CursorWrapper) -> Booking | None:
        row = cursor.fetchone()
        return Booking.from_db(DEFAULT_DB_ALIAS, FIELDS, row[:-1]) if row else None


def lock_and_confirm(
    lock: str, *, user_id: int, reference: str, most_seats: int | None, starts_at: datetime | None
) -> tuple[Booking | None, datetime, bool]:
    """Lock the person's booking, then confirm it if it is a hold with time left and its show starts
    at `starts_at`, where one is given; both sent together.

    `most_seats`: how many seats at coming shows the person may have with it; None for any number.
    Returns the booking as it was, the database's clock under the lock, and whether it is confirmed.
    """
    with (
        one_trip(),
        prepared_cursor() as first,
        prepared_cursor() as locking,
        prepared_cursor() as confirming,
    ):
        if most_seats is not None:
            first.execute(LOCK_PERSON, [user_id])
        locking.execute(lock, [reference, user_id])
        values: dict[str, Any] = {
            "user": user_id,
            "reference": reference,
            "most_seats": most_seats,
            "starts_at": starts_at,
        }
        confirming.execute(CONFIRM_HOLD, values)
        booking = first_row(Booking, locking)
        now, confirmed = confirming.fetchone()
        return booking, now, confirmed


def expire_holds_of(show_id: int) -> list[tuple[str, list[str]]]:
    """End the show's lapsed holds and free their seats; returns their references and seats."""
    with prepared_cursor() as cursor:
        cursor.execute(EXPIRE_HOLDS, {"show": show_id})
        return list(cursor.fetchall())
