"""The two SQL statements that a hold runs after its locks (docs/decisions/0003-prepared-sql.md).

`holds.py` decides when each is run.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.utils import CursorWrapper

from bookmyshow.core.db.one_trip import Statement
from bookmyshow.core.db.prepared import prepared_cursor
from shows.waiting_room.passes import Pass

from .hold_limits import PERSON_AT_SHOW, WITHIN_LIMITS, HoldLimits
from .models import Booking, new_reference
from .on_citus import TAKE_FREE_SEATS as CALL_OF_CITUS
from .on_citus import fitting

BOOKING_FIELDS = [field.attname for field in Booking._meta.concrete_fields]
SEATS_TO_HOLD = """
    SELECT s.label, s.booking_id,
           b.status = 'PENDING' AND b.expires_at <= clock.now AS holder_lapsed,
           EXISTS (SELECT FROM bookings_booking own
                   WHERE own.user_id = %(user)s::bigint AND own.show_id = %(show)s::bigint
                     AND own.status = 'PENDING')
           OR EXISTS (SELECT FROM bookings_booking same
                      WHERE same.user_id = %(user)s::bigint AND same.show_id = %(show)s::bigint
                        AND same.idempotency_key = %(key)s::text)
           AS has_earlier,
           EXISTS (SELECT FROM waiting_entry
                   WHERE show_id = %(show)s::bigint AND state IN ('WAITING', 'OFFERED'))
           AS is_waited_for,
           clock.now
    FROM shows_seat s
    CROSS JOIN (SELECT clock_timestamp() AS now OFFSET 0) clock
    LEFT JOIN bookings_booking b ON b.show_id = s.show_id AND b.id = s.booking_id
    WHERE s.show_id = %(show)s::bigint AND s.label = ANY(%(labels)s::text[])
    ORDER BY s.position
"""
# If anything blocks the hold, this statement writes nothing and returns no row. The slow path then
# reads the cause with SEATS_TO_HOLD. The show is locked meanwhile, so no other transaction can take
# one of its seats. If one does all the same, the last line divides by zero: the error rolls
# everything back.
#
# A show on sale through its waiting room needs a pass of that on-sale, and the person must still be
# inside, which `INSIDE` in shows/waiting_room/join_and_enter.py has read (docs/spec.md §24.4). The
# condition is first: for all other shows it is one look at a column.
#
# If the person has a hold at this show already, or has used the key here, the INSERT conflicts with
# a unique index and does nothing. Whether the key was used at another show, and how many holds the
# person has there, was read by PERSON_ELSEWHERE in the same transaction. A subquery for this check
# was slow: PostgreSQL had made its plan when there were no holds, kept it, and later read every
# hold in the database.
#
# The commit does not wait for the disk, because all other buyers of this show would wait too. If
# the database server crashes, the holds of its last half second may be lost, each of them whole. A
# confirmation waits for the disk, and then its hold is on disk too.
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
              AND (show.on_sale_id IS NULL OR NOT %(needs_pass)s::bool
                   OR NOT show.sale_closed AND EXISTS (
                       SELECT FROM unnest(
                           nullif(current_setting('waiting_room.inside', true), '')::bigint[],
                           %(pass_ends)s::timestamptz[]) AS pass (on_sale_id, ends_at)
                       WHERE pass.on_sale_id = show.on_sale_id AND pass.ends_at > clock.now))
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
        WHERE (%(key)s::text IS NULL OR NOT current_setting('bookings.key_elsewhere', true)::bool)
          AND (%(checked)s::bool OR (SELECT {WITHIN_LIMITS} FROM person CROSS JOIN clock))
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
    SELECT {", ".join(BOOKING_FIELDS)},
           1 / ((SELECT count(*) FROM taken) = total_seats)::int FROM held
"""

TAKE_ON_CITUS = CALL_OF_CITUS.format(columns=", ".join(BOOKING_FIELDS))

#: The parameters of WITHIN_LIMITS, all None, for a hold whose limits are not checked.
NO_LIMITS: dict[str, Any] = dict.fromkeys(field.name for field in fields(HoldLimits))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """A person's request to hold seats."""

    user_id: int
    show_id: int
    labels: Collection[str]
    #: The Idempotency-Key, and the hash of the request (`seat_choice.request_hash`).
    key: str | None
    hash: str
    #: None for staff, who have no limits.
    limits: HoldLimits | None
    #: The client's network as a keyed hash; empty if it is not known.
    held_from: str
    #: Whether a show on sale needs a pass: for all but the box office.
    needs_pass: bool = True
    #: The passes of waiting rooms that came with the request; any text.
    passes: Sequence[str] = ()
    #: Those of them that are signed for this person, expired ones too. Empty for the box office.
    signed: Sequence[Pass] = ()


class SeatToHold(NamedTuple):
    """A row of SEATS_TO_HOLD: a seat of the show, and the hold or sale that has it."""

    label: str
    booking_id: int | None
    #: True if a lapsed hold has the seat. None if no booking has it.
    holder_lapsed: bool | None
    #: True if the person has a hold at this show or has used this key here. The same in all rows.
    has_earlier: bool
    #: True if people wait for seats of this show (docs/spec.md §20). The same in all rows.
    is_waited_for: bool
    #: The database's clock. The same in all rows.
    now: datetime


def seats_to_hold(request: HoldRequest) -> list[SeatToHold]:
    """The wanted seats, in plan order. A label that the show does not have is left out."""
    values: dict[str, Any] = {
        "show": request.show_id,
        "labels": list(request.labels),
        "user": request.user_id,
        "key": request.key,
    }
    with prepared_cursor() as cursor:
        cursor.execute(SEATS_TO_HOLD, values)
        return [SeatToHold(*row) for row in cursor.fetchall()]


def take_free_seats_statement(request: HoldRequest) -> Statement:
    """The statement that takes the seats, if nothing blocks the hold, the limits allow it, and the
    person has the pass that the show needs.

    `held_booking` reads its result.
    """
    values = _values(request, limits=request.limits, needs_pass=request.needs_pass)
    return Statement(_take_free_seats_sql(), values)


def take_free_seats(
    request: HoldRequest, *, now: datetime, expires_at: datetime | None
) -> Booking | None:
    """Take the seats. The caller has locked, read `now` after the locks, and checked the limits
    and the pass.

    The hold lapses at `expires_at`; None means BOOKING_EXPIRY_MINUTES after `now`. Returns None if
    a seat is not free, or the key is in use.
    """
    values = _values(request, limits=None, needs_pass=False)
    values |= {"now": now, "expires_at": expires_at}
    with prepared_cursor() as cursor:
        cursor.execute(_take_free_seats_sql(), values)
        return held_booking(cursor)


def _take_free_seats_sql() -> str:
    return fitting(TAKE_FREE_SEATS, TAKE_ON_CITUS)


def held_booking(cursor: CursorWrapper) -> Booking | None:
    """The new hold in the result of TAKE_FREE_SEATS; None if nothing was written."""
    row = cursor.fetchone()
    return Booking.from_db(DEFAULT_DB_ALIAS, BOOKING_FIELDS, row[:-1]) if row else None


def _values(request: HoldRequest, *, limits: HoldLimits | None, needs_pass: bool) -> dict[str, Any]:
    """The parameters of TAKE_FREE_SEATS. It checks no limits if `limits` is None."""
    return (limits.values() if limits else NO_LIMITS) | {
        "checked": limits is None,
        "needs_pass": needs_pass,
        "held_from": request.held_from,
        "pass_ends": [found.ends_at for found in request.signed],
        "show": request.show_id,
        "labels": list(request.labels),
        "reference": new_reference(),
        "user": request.user_id,
        "key": request.key,
        "hash": request.hash if request.key else "",
        "now": None,
        "expires_at": None,
        "lasts": timedelta(minutes=settings.BOOKING_EXPIRY_MINUTES),
    }
