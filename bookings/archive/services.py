"""Moves whole shows to the archive, in batches."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from bookings.messages.kinds import Kind
from bookmyshow.core.db import partitions
from shows.screen_times import write_screen_times

from .models import ArchivedBooking

MONTHS = 6
#: A quarter stays in the archive for as long after its last show. In the second year a bank may
#: still ask for money back, and people still look for what they paid.
KEPT_YEARS = 2
#: Partitioned by the quarter in which a show began. Their partitions are made when shows come.
BOOKINGS = partitions.PartitionedTable(
    "archive_archivedbooking",
    "starts_at",
    months=3,
    ahead=None,
    still_needed=f"starts_at > now() - interval '{KEPT_YEARS} years'",
    why=f"bookings of the last {KEPT_YEARS} years, which their people and banks may still ask for",
    warning="Nobody finds its tickets on the site any more: save the table if you need them.",
)
SHOWS = partitions.PartitionedTable(
    "archive_archivedshow", "starts_at", months=3, ahead=None, first_detach=BOOKINGS.name
)
TABLES = (BOOKINGS, SHOWS)

# A show is not archived while one of its mails still waits to be sent, or while some of its money
# still moves: a mail about that needs the show. Orders, payments and refunds stay where they are.
DUE = """
    FROM shows_show w
    WHERE w.ends_at < now() - make_interval(months => %(months)s)
      AND NOT EXISTS (SELECT FROM outbox_message m WHERE m.show = w.id AND num_nonnulls(
                      m.sent_at, m.given_up_at, m.dropped_at, m.handled_at) = 0)
      AND NOT EXISTS (SELECT FROM payments_order o JOIN payments_payment p ON p.order_id = o.id
                      LEFT JOIN payments_refund r ON r.payment_id = p.id
                      WHERE o.show_id = w.id
                        AND (p.state NOT IN ('CAPTURED', 'CANCELLED', 'VOIDED', 'FAILED')
                             OR r.state IN ('DUE', 'SENT', 'MANUAL')))
"""
# Tickets and reminders are not kept: every booking has them, and its own row says the same.
KEPT = [kind for kind in Kind if kind not in (Kind.BOOKING_CONFIRMED, Kind.SHOW_REMINDER)]
# Locks the shows in the order of their ids. Skips shows that another transaction has locked; a
# later batch takes them.
CHOOSE = f"SELECT w.id, w.starts_at {DUE} ORDER BY w.id LIMIT %(size)s FOR UPDATE OF w SKIP LOCKED"
# Ends lapsed holds that no sweep has ended. The shows are over, so every PENDING hold has lapsed.
END_HOLDS = """
    UPDATE bookings_booking SET status = 'FAILED', ended_reason = 'lapsed'
    WHERE show_id = ANY(%(shows)s) AND status = 'PENDING'
"""
COPY_SHOWS = """
    INSERT INTO archive_archivedshow
        (id, movie_id, screen_id, starts_at, ends_at, busy_until, format, language,
         standard_price, premium_price, total_seats, status, seats, notices, archived_at)
    SELECT w.id, w.movie_id, w.screen_id, w.starts_at, w.ends_at, w.busy_until, w.format,
           w.language, w.standard_price, w.premium_price, w.total_seats, w.status,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(
                s.label, s.seat_type, s.is_wheelchair, s.x, s.y, b.id) ORDER BY s.position), '[]')
            FROM shows_seat s
            LEFT JOIN bookings_booking b ON b.id = s.booking_id AND b.status = 'CONFIRMED'
            WHERE s.show_id = w.id),
           (SELECT coalesce(jsonb_agg(to_jsonb(m) - 'address' ORDER BY m.id), '[]')
            FROM outbox_message m WHERE m.show = w.id AND m.kind = ANY(%(kinds)s)),
           now()
    FROM shows_show w WHERE w.id = ANY(%(shows)s)
"""
COPY_BOOKINGS = """
    INSERT INTO archive_archivedbooking
        (id, reference, user_id, show_id, starts_at, total_seats, total_amount, seats, seat_prices,
         status, ended_reason, created_at, expires_at, confirmed_at, updated_at, admitted_at)
    SELECT b.id, b.reference, b.user_id, b.show_id, w.starts_at, b.total_seats, b.total_amount,
           b.seats, b.seat_prices, b.status, b.ended_reason, b.created_at, b.expires_at,
           b.confirmed_at, b.updated_at, a.admitted_at
    FROM bookings_booking b
    JOIN shows_show w ON w.id = b.show_id
    LEFT JOIN bookings_admission a ON a.booking_id = b.id
    WHERE b.show_id = ANY(%(shows)s)
"""
REMOVE = (
    "DELETE FROM shows_seat WHERE show_id = ANY(%(shows)s)",
    "DELETE FROM bookings_admission WHERE booking_id IN"
    " (SELECT id FROM bookings_booking WHERE show_id = ANY(%(shows)s))",
    "DELETE FROM outbox_message WHERE show = ANY(%(shows)s)",
    "DELETE FROM waiting_entry WHERE show_id = ANY(%(shows)s)",
    "DELETE FROM bookings_booking WHERE show_id = ANY(%(shows)s)",
    "DELETE FROM waiting_room_place WHERE on_sale_id IN"
    " (SELECT id FROM waiting_room_onsale WHERE show_id = ANY(%(shows)s))",
    "DELETE FROM waiting_room_arrivals WHERE on_sale_id IN"
    " (SELECT id FROM waiting_room_onsale WHERE show_id = ANY(%(shows)s))",
    "DELETE FROM waiting_room_onsale WHERE show_id = ANY(%(shows)s)",
    "DELETE FROM shows_show WHERE id = ANY(%(shows)s)",
)


@dataclass(frozen=True, slots=True)
class Moved:
    """How many shows and bookings were moved, or could be moved now."""

    shows: int = 0
    bookings: int = 0


def due(*, months: int = MONTHS) -> Moved:
    """Count the shows and bookings that are old enough for the archive."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum((SELECT count(*) FROM bookings_booking b"
            f" WHERE b.show_id = w.id)), 0) {DUE}",
            {"months": months},
        )
        return Moved(*map(int, cursor.fetchone()))


def archive_batch(*, months: int = MONTHS, size: int) -> Moved:
    """Move up to `size` shows that ended over `months` months ago, in one transaction.

    A show is moved with all its rows or not at all, even if the process is killed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CHOOSE, {"months": months, "size": size})
        chosen = cursor.fetchall()
        if not chosen:
            return Moved()
        shows = {"shows": [show_id for show_id, _ in chosen], "kinds": KEPT}
        for table in TABLES:
            for quarter in sorted({table.period(starts_at) for _, starts_at in chosen}):
                partitions.make(table, quarter[0])
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(END_HOLDS, shows)
        cursor.execute(COPY_SHOWS, shows)
        cursor.execute(COPY_BOOKINGS, shows)
        bookings = cursor.rowcount
        for statement in REMOVE:
            cursor.execute(statement, shows)
        write_screen_times(show_id for show_id, _ in chosen)
    return Moved(len(chosen), bookings)


def begins_at() -> datetime | None:
    """The first moment of the oldest quarter that the site reads. None if there is no quarter."""
    found = partitions.partitions(BOOKINGS)
    return found[0].start if found else None


def has_bookings_at(cinema_id: int) -> bool:
    """Whether the archive has a booking of this cinema."""
    return ArchivedBooking.objects.filter(show__screen__cinema=cinema_id).exists()
