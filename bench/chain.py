"""Fills a database with a year of a cinema chain, with 60 % of the seats sold.

The chain has 20 screens, each with six shows a day.

Indexes, foreign keys and unique constraints of the large tables are dropped first and created again
at the end. That is faster. PostgreSQL then checks all rows, and raises an error if one breaks a
constraint.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bench.data import Filler

FILMS = 300
PEOPLE = 200_000
DAYS = 365
#: COMING_DAYS: days after today that have shows. ARCHIVED_DAYS: days before the year; bench/year.py
#: moves their bookings to the archive.
COMING_DAYS, ARCHIVED_DAYS = 7, 14
FIRST_NAMES = "Asha Ben Chitra Dev Esha Farah Gita Hari Isha Jai Kiran Leela Manoj Nila Om Priya"
LAST_NAMES = "Rao Shah Menon Iyer Khan Das Bose Pillai Gill Nair Roy Sen Jain Paul Dutt Mehta Lal"
CINEMAS = ("Arcadia", "Meridian", "Orpheum", "Savoy")
CITIES = ("Mumbai", "Delhi", "Pune", "Chennai")
#: The seats of a cinema's five screens. Three fifths of them are sold, in blocks of ten seats. So
#: each number must be a multiple of 50.
HALLS = (300, 250, 200, 150, 150)
ROW = 25
BULK_TABLES = (
    "shows_show",
    "shows_screentime",
    "shows_seat",
    "bookings_booking",
    "bookings_admission",
)

INSERT_PEOPLE = """
    INSERT INTO accounts_user (email, name, password, phone, is_superuser, is_staff, is_active,
        token_version, created_at, updated_at)
    SELECT CASE n WHEN 0 THEN 'boss@example.com' ELSE 'moviegoer' || n || '@example.com' END,
           concat_ws(' ', (%(first)s::text[])[mod(n, 16) + 1], chr(65 + mod(n / 272, 26)) || '.',
                     (%(last)s::text[])[mod(n / 16, 17) + 1]),
           '!', '+91 9' || lpad(mod(n * 7919, 1000000000)::text, 9, '0'), n = 0, n = 0,
           true, 0, at, at
    FROM generate_series(0, {people}) n
    CROSS JOIN LATERAL (
        SELECT now() - (1 - n / {people}.0) * interval '{days} days' - interval '1 hour' AS at) t
"""
INSERT_CINEMAS = """
    WITH cinema AS (
        INSERT INTO shows_cinema (name, slug, city, address, timezone)
        SELECT name, lower(name), city, '', 'Asia/Kolkata'
        FROM unnest(%(cinemas)s::text[], %(cities)s::text[]) AS x(name, city) RETURNING id
    )
    INSERT INTO shows_screen (cinema_id, name, seating_plan, cleaning_minutes)
    SELECT cinema.id, 'Screen ' || n, (
        SELECT string_agg(
            chr(64 + r) || ' ' || repeat(CASE WHEN r > seats / {row} - 2 THEN 'p' ELSE 's' END,
                                         {row}), E'\\n' ORDER BY r)
        FROM generate_series(1, seats / {row}) r), 15
    FROM cinema CROSS JOIN unnest(%(halls)s::int[]) WITH ORDINALITY AS hall(seats, n)
    ORDER BY 1, n
"""
# Each film runs for four weeks, and 20 films run at the same time. On each screen a show begins
# every 2.5 hours from 9:00.
INSERT_SHOWS = """
    INSERT INTO shows_show (movie_id, screen_id, starts_at, ends_at, busy_until, format, language,
        standard_price, premium_price, total_seats, available_seats, status, created_at, updated_at)
    SELECT film.id, hall.id, begins, begins + interval '120 minutes',
           begins + interval '135 minutes', '2D', 'Hindi', 250, 400, seats, seats * 2 / 5,
           'SCHEDULED', begins - interval '10 days', begins - interval '10 days'
    FROM generate_series({first}, {last}) day
    CROSS JOIN generate_series(0, 5) turn
    CROSS JOIN (
        SELECT id, row_number() OVER (ORDER BY id) AS n,
               length(regexp_replace(seating_plan, '[^sp]', '', 'g')) AS seats
        FROM shows_screen
    ) hall
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM movies_movie) film
        ON film.n = mod((day - {first}) / 7 * 5 + mod(hall.n * 3 + turn, 20), {films})
    CROSS JOIN LATERAL (
        SELECT ((now() AT TIME ZONE 'Asia/Kolkata')::date + day + interval '9 hours'
                + turn * interval '150 minutes') AT TIME ZONE 'Asia/Kolkata' AS begins
    ) t
    ORDER BY day, turn, hall.n
"""
# Each block of ten sold seats is four bookings: of two, three, one and four seats. Each show also
# has four bookings that do not hold their two seats any more: one was cancelled, three lapsed.
# `before` is the number of bookings of earlier shows. It gives the ids of this show's bookings.
NUMBER_SHOWS = """
    CREATE TEMPORARY TABLE place AS
    SELECT w.id, w.starts_at, w.total_seats, w.standard_price, w.total_seats * 3 / 5 AS sold,
           sum(w.total_seats * 3 / 50 * 4 + 4) OVER (ORDER BY w.id)
               - (w.total_seats * 3 / 50 * 4 + 4) AS before
    FROM shows_show w
"""
INSERT_BOOKINGS = """
    INSERT INTO bookings_booking (id, reference, user_id, show_id, total_seats, total_amount, seats,
        seat_prices, status, created_at, updated_at, expires_at, confirmed_at, ended_reason,
        idempotency_hash)
    OVERRIDING SYSTEM VALUE
    SELECT number, 'BMV' || upper(lpad(to_hex(mod(number * 2654435761, 1::bigint << 48)), 12, '0')),
           {boss} + 1 + mod(number * 7919, {people}), p.id, size,
           cost * size,
           ARRAY(SELECT chr(65 + s / {row}) || (mod(s, {row}) + 1)
                 FROM generate_series(first, first + size - 1) s),
           array_fill(cost, ARRAY[size]), state, at, at, at + interval '2 minutes',
           CASE WHEN state <> 'FAILED' THEN at + interval '1 minute' END, reason, ''
    FROM place p
    CROSS JOIN LATERAL generate_series(0, sold / 10 * 4 + 3) j
    CROSS JOIN LATERAL (SELECT p.before + j + 1 AS number, j < sold / 10 * 4 AS stands) k
    CROSS JOIN LATERAL (
        SELECT CASE WHEN stands THEN (ARRAY[2, 3, 1, 4])[mod(j, 4) + 1] ELSE 2 END AS size,
               CASE WHEN stands THEN j / 4 * 10 + (ARRAY[0, 2, 5, 6])[mod(j, 4) + 1]
                    ELSE sold + 2 * mod(j, 4) END AS first,
               CASE WHEN stands THEN 'CONFIRMED' WHEN mod(j, 4) = 0 THEN 'CANCELLED'
                    ELSE 'FAILED' END AS state,
               CASE WHEN stands THEN '' WHEN mod(j, 4) = 0 THEN 'customer'
                    ELSE 'lapsed' END AS reason,
               p.standard_price AS cost
    ) x
    CROSS JOIN LATERAL (
        SELECT least(p.starts_at - interval '1 hour', now() - interval '5 minutes')
               - mod(number * 7919, 7200) * interval '1 minute' AS at
    ) t
"""
INSERT_SEATS = """
    INSERT INTO shows_seat (show_id, row, number, seat_type, is_wheelchair, position, x, y,
        booking_id)
    SELECT p.id, chr(65 + s / {row}), (mod(s, {row}) + 1)::text,
           CASE WHEN s / {row} >= p.total_seats / {row} - 2 THEN 'premium' ELSE 'standard' END,
           false, s, mod(s, {row}) * 2, s / {row} * 2,
           CASE WHEN s < p.sold THEN
               p.before + s / 10 * 4 + (ARRAY[1, 1, 2, 2, 2, 3, 4, 4, 4, 4])[mod(s, 10) + 1] END
    FROM place p CROSS JOIN LATERAL generate_series(0, p.total_seats - 1) s
"""
# Admissions for nine of ten sold bookings of past shows. Mails for one show in 200, as if it had
# been moved. A line in the audit log for each show.
INSERT_THE_REST = (
    """
    INSERT INTO bookings_admission (show_id, booking_id, admitted_at, admitted_by_id)
    SELECT b.show_id, b.id, w.starts_at - interval '10 minutes', {boss}
    FROM bookings_booking b JOIN shows_show w ON w.id = b.show_id
    WHERE b.status = 'CONFIRMED' AND mod(b.id, 10) <> 0 AND w.starts_at < now()
    """,
    """
    INSERT INTO outbox_message (kind, key, user_id, show, priority, created_at, due_at, next_try_at,
        attempts, sent_at)
    SELECT DISTINCT ON (b.show_id, b.user_id) 'show-moved',
           'show-moved:' || b.show_id || ':' || b.user_id, b.user_id, b.show_id, 1, b.created_at,
           b.created_at, b.created_at, 1, b.created_at
    FROM bookings_booking b WHERE mod(b.show_id, 200) = 0 AND b.status = 'CONFIRMED'
    """,
    """
    INSERT INTO django_admin_log (action_time, user_id, content_type_id, object_id, object_repr,
        action_flag, change_message)
    SELECT w.created_at, {boss}, t.id, w.id::text, m.title, 1, 'Scheduled with the planner.'
    FROM shows_show w JOIN movies_movie m ON m.id = w.movie_id
    JOIN django_content_type t ON (t.app_label, t.model) = ('shows', 'show') ORDER BY w.id
    """,
)


def fill(filler: Filler, *, days: int = DAYS) -> None:
    """Create shows and bookings for COMING_DAYS, the past `days`, and ARCHIVED_DAYS before them."""
    filler.films(FILMS)
    names: dict[str, int] = {
        "people": PEOPLE,
        "days": days,
        "films": FILMS,
        "row": ROW,
        "first": -days - ARCHIVED_DAYS,
        "last": COMING_DAYS,
    }
    cinema_rows = {"cinemas": list(CINEMAS), "cities": list(CITIES), "halls": list(HALLS)}
    filler.query("SET synchronous_commit = off; SET maintenance_work_mem = '1GB'")
    people = {"first": FIRST_NAMES.split(), "last": LAST_NAMES.split()}
    filler.query(INSERT_PEOPLE.format(**names), **people)
    ((names["boss"],),) = filler.query("SELECT min(id) FROM accounts_user")
    filler.query(INSERT_CINEMAS.format(**names), **cinema_rows)
    with without_indexes(filler, BULK_TABLES):
        filler.query(INSERT_SHOWS.format(**names))
        filler.query(NUMBER_SHOWS)
        filler.query(INSERT_BOOKINGS.format(**names))
        filler.query(INSERT_SEATS.format(**names))
        filler.query(INSERT_THE_REST[0].format(**names))
    for statement in INSERT_THE_REST[1:]:
        filler.query(statement.format(**names))
    filler.query(
        "SELECT setval(pg_get_serial_sequence('bookings_booking', 'id'), max(id))"
        " FROM bookings_booking"
    )


def age_demo(demo: Filler) -> None:
    """Add rows that the demo data does not have, because an empty list can't be compared.

    12 shows move a year into the past, for the archive. Notices of moved shows and lines of the
    audit log are added.
    """
    demo.query(
        """
        UPDATE shows_show SET starts_at = starts_at - interval '1 year',
            ends_at = ends_at - interval '1 year', busy_until = busy_until - interval '1 year'
        WHERE id IN (SELECT show_id FROM bookings_booking GROUP BY 1 ORDER BY count(*) LIMIT 12
                     OFFSET 100)
        """
    )
    ((boss,),) = demo.query("SELECT min(id) FROM accounts_user WHERE is_superuser")
    for statement in INSERT_THE_REST[1:]:
        demo.query(statement.format(boss=boss))
    demo.query("VACUUM ANALYZE")


@contextmanager
def without_indexes(filler: Filler, tables: tuple[str, ...]) -> Iterator[None]:
    """Drop indexes, foreign keys, unique and exclusion constraints; create them after the block.

    Foreign keys are dropped first and created last, because they need the unique constraints.
    """
    create_again: list[str] = []
    for table in tables:
        create_again += _drop_constraints(filler, table, "f")
    for table in tables:
        unique = _drop_constraints(filler, table, "ux")
        create_again[:0] = unique + _drop_indexes(filler, table)
    yield
    for statement in create_again:
        filler.query(statement)


def _drop_constraints(filler: Filler, table: str, kinds: str) -> list[str]:
    """Drop a table's constraints of these kinds; return the statements that create them again.

    `kinds` are letters of pg_constraint.contype: f (foreign key), u (unique), x (exclusion).
    """
    found = filler.query(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %(table)s::regclass AND contype = ANY(%(kinds)s) AND conparentid = 0",
        table=table,
        kinds=list(kinds),
    )
    for name, _ in found:
        filler.query(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    return [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {text}' for name, text in found]


def _drop_indexes(filler: Filler, table: str) -> list[str]:
    """Drop a table's indexes, but not those of constraints and the primary key.

    Returns the statements that create them again.
    """
    found = filler.query(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = %(table)s::regclass AND NOT i.indisprimary AND NOT EXISTS"
        " (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('u', 'x'))",
        table=table,
    )
    for name, _ in found:
        filler.query(f'DROP INDEX "{name}"')
    return [text for _, text in found]


def sizes(filler: Filler) -> dict[str, int]:
    """The number of rows of each large table."""
    tables = ("shows_show", "shows_seat", "bookings_booking", "accounts_user", "django_admin_log")
    return {
        table: filler.query(f"SELECT count(*) FROM {table}")[0][0]
        for table in (*tables, "archive_archivedbooking")
    }


def is_filled(url: str) -> bool:
    """Whether the database exists and has shows, from an earlier run."""
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM shows_show").fetchone()
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return False
    return row is not None and row[0] > 0
