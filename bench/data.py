"""Creates films, people, shows, seats and bookings in large numbers, with SQL."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

SEATS_IN_ROW = 25
PEOPLE = 1_000
WORDS = [
    *("night", "river", "silent", "golden", "winter", "lost", "summer", "last", "city", "garden"),
    *("shadow", "letters", "island", "paper", "broken", "distant", "music", "second", "empire"),
    *("stone", "glass", "quiet", "harbour", "wild"),
]

# The seats of each new show, in rows R1, R2 … (the first seat is R1-1). The last fifth is premium.
SEATS = """
INSERT INTO shows_seat (show_id, row, number, seat_type, is_wheelchair, position, x, y, booking_id)
SELECT w.id, 'R' || (p / {row} + 1), (p %% {row} + 1)::text,
       CASE WHEN p >= w.total_seats * 4 / 5 THEN 'premium' ELSE 'standard' END,
       false, p, (p %% {row}) * 2, (p / {row}) * 2, {booking}
FROM shows_show w CROSS JOIN generate_series(0, w.total_seats - 1) p
WHERE w.id > %(after)s
"""


@dataclass
class World:
    """People who are logged in: session keys, API tokens and user ids, in the same order."""

    sessions: list[str]
    tokens: list[str]
    people: list[int]

    def turned(self, by: int) -> "World":
        """The same people in another order: the first `by` are the last."""
        sessions, tokens, people = self.sessions, self.tokens, self.people
        return World(
            sessions[by:] + sessions[:by], tokens[by:] + tokens[:by], people[by:] + people[:by]
        )


class Filler:
    """Fills one database. It has its own connection."""

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url, autocommit=True)

    def films(self, count: int) -> None:
        words = json.dumps(WORDS)
        self._run(
            """
            INSERT INTO movies_movie (title, slug, description, "cast", duration_minutes, language,
                certification, poster_image, poster_url, created_at, updated_at, rating)
            SELECT initcap(w1 || ' ' || w2 || ' ' || n), 'film-' || n,
                   'The ' || w2 || ' of a ' || w1 || ' and what it does to a ' || w3 || '.',
                   ARRAY['Asha ' || w3, 'Ravi ' || w1], 90 + n %% 60, 'Hindi', '', '', '', now(),
                   now(), 1 + n %% 9
            FROM (SELECT n, %(words)s::jsonb ->> (n %% 24) AS w1,
                         %(words)s::jsonb ->> (n / 24 %% 24) AS w2,
                         %(words)s::jsonb ->> (n / 576 %% 24) AS w3
                  FROM generate_series(1, %(count)s) n) x
            """,
            words=words,
            count=count,
        )

    def people(self) -> World:
        """Create PEOPLE users with a session of the site and a token of the API."""
        from accounts.models import User
        from accounts.tokens import issue_token

        everyone = [
            User(
                email=f"p{n}@example.com",
                name=f"Person {n}",
                password="!",
                email_confirmed_at=timezone.now(),
            )
            for n in range(PEOPLE)
        ]
        User.objects.bulk_create(everyone)
        engine = import_module(settings.SESSION_ENGINE)
        sessions = []
        for user in everyone:
            session = engine.SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.save()
            sessions.append(session.session_key)
        return World(sessions, [issue_token(u) for u in everyone], [u.pk for u in everyone])

    def shows(self, count: int, seats: int, *, booked: int = 0) -> list[int]:
        """Create `count` shows with `seats` seats each; return their ids.

        The first `booked` seats of each show are sold, one booking for each seat. The shows have
        new screens and begin tomorrow or later.
        """
        ((after,),) = self._run("SELECT coalesce(max(id), 0) FROM shows_show")
        ((last_booking,),) = self._run("SELECT coalesce(max(id), 0) FROM bookings_booking")
        numbers = {
            "after": after,
            "count": count,
            "seats": seats,
            "booked": booked,
            "last": last_booking,
            "key": secrets.token_hex(4),
        }
        self._run(
            """
            WITH cinema AS (
                INSERT INTO shows_cinema (name, slug, city, address, timezone)
                SELECT 'Regal ' || %(key)s || n, 'regal-' || %(key)s || n,
                       'City ' || n %% 12, '', 'Asia/Kolkata'
                FROM generate_series(1, greatest(%(count)s / 40, 1)) n RETURNING id
            ), hall AS (
                INSERT INTO shows_screen (cinema_id, name, seating_plan, cleaning_minutes)
                SELECT cinema.id, 'Screen ' || n, 'A s', 15
                FROM cinema CROSS JOIN generate_series(1, 4) n RETURNING id
            ), place AS (
                SELECT id, row_number() OVER () - 1 AS n, count(*) OVER () AS places FROM hall
            ), film AS (
                SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM movies_movie LIMIT 40
            )
            INSERT INTO shows_show (movie_id, screen_id, starts_at, ends_at, busy_until, format,
                language, standard_price, premium_price, total_seats, available_seats, status,
                created_at, updated_at)
            SELECT film.id, place.id, begins, begins + interval '2 hours',
                   begins + interval '135 minutes', '2D', 'Hindi', 250, 400,
                   %(seats)s, %(seats)s - %(booked)s, 'SCHEDULED', now(), now()
            FROM generate_series(0, %(count)s - 1) k
            JOIN place ON place.n = k %% place.places
            JOIN film ON film.n = k %% 40
            CROSS JOIN LATERAL (
                SELECT date_trunc('hour', now()) + interval '1 day'
                       + k / place.places * interval '3 hours' AS begins
            ) t
            """,
            **numbers,
        )
        if booked:
            self._book(numbers)
        booking = (
            "CASE WHEN p < %(booked)s THEN"
            " (w.id - %(after)s - 1) * %(booked)s + p + 1 + %(last)s END"
        )
        self._run(SEATS.format(row=SEATS_IN_ROW, booking=booking), **numbers)
        return [
            i for (i,) in self._run("SELECT id FROM shows_show WHERE id > %(after)s", **numbers)
        ]

    def vacuum(self) -> None:
        """Run VACUUM ANALYZE, as autovacuum would do later."""
        self._run("VACUUM ANALYZE")

    def lapsed_holds(self, shows: list[int], of_each: int, seats_in_row: int = 25) -> int:
        """Create `of_each` lapsed holds per show, one free seat each, beginning with the last seat.

        Returns the number of holds.
        """
        made = self._run(
            """
            WITH free AS (
                SELECT s.id, s.show_id, s.label, s.seat_type, row_number() OVER (
                    PARTITION BY s.show_id ORDER BY s.position DESC) AS n
                FROM shows_seat s WHERE s.show_id = ANY(%(shows)s) AND s.booking_id IS NULL
            ), chosen AS (
                SELECT f.*, w.standard_price, w.premium_price, nextval(pg_get_serial_sequence(
                    'bookings_booking', 'id')) AS booking
                FROM free f JOIN shows_show w ON w.id = f.show_id WHERE f.n <= %(each)s
            ), person AS (
                SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM accounts_user
            ), made AS (
                INSERT INTO bookings_booking (id, reference, user_id, show_id, total_seats,
                    total_amount, seats, seat_prices, status, created_at, updated_at, expires_at,
                    ended_reason, idempotency_hash)
                OVERRIDING SYSTEM VALUE
                SELECT booking, 'BMV' || upper(lpad(to_hex(booking), 12, '0')), person.id, show_id,
                       1, price, ARRAY[label], ARRAY[price]::numeric(8, 2)[], 'PENDING',
                       now() - interval '1 hour', now(), now() - interval '1 second', '', ''
                FROM chosen JOIN person ON person.n = chosen.n
                CROSS JOIN LATERAL (SELECT CASE seat_type WHEN 'premium' THEN premium_price
                                    ELSE standard_price END AS price) p
                RETURNING id, show_id
            ), taken AS (
                UPDATE shows_seat s SET booking_id = c.booking FROM chosen c WHERE s.id = c.id
            ), counted AS (
                UPDATE shows_show w SET available_seats = available_seats - m.n
                FROM (SELECT show_id, count(*) AS n FROM made GROUP BY show_id) m
                WHERE w.id = m.show_id
            )
            SELECT count(*) FROM made
            """,
            shows=shows,
            each=of_each,
        )
        return int(made[0][0])

    def query(self, text: str, **values: object) -> list[tuple[Any, ...]]:
        return self._run(text, **values)

    def close(self) -> None:
        self._db.close()

    def _book(self, numbers: dict[str, object]) -> None:
        self._run(
            """
            INSERT INTO bookings_booking (id, reference, user_id, show_id, total_seats,
                total_amount, seats, seat_prices, status, created_at, updated_at, expires_at,
                confirmed_at, ended_reason, idempotency_hash)
            OVERRIDING SYSTEM VALUE
            SELECT number, 'BMV' || upper(lpad(to_hex(number), 12, '0')), person.id, w.id, 1,
                   250, ARRAY['R' || (p / 25 + 1) || '-' || (p %% 25 + 1)],
                   ARRAY[250]::numeric(8, 2)[], 'CONFIRMED', at, at, at + interval '2 minutes',
                   at + interval '1 minute', '', ''
            FROM shows_show w CROSS JOIN generate_series(0, %(booked)s - 1) p
            CROSS JOIN LATERAL (
                SELECT (w.id - %(after)s - 1) * %(booked)s + p + 1 + %(last)s AS number,
                       now() - (p + 1) * interval '7 minutes' AS at
            ) x
            JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM accounts_user) person
                ON person.n = p %% 1000
            WHERE w.id > %(after)s
            """,
            **numbers,
        )
        self._run(
            "SELECT setval(pg_get_serial_sequence('bookings_booking', 'id'),"
            " (SELECT max(id) FROM bookings_booking))"
        )

    def _run(self, text: str, **values: object) -> list[tuple[Any, ...]]:
        cursor = self._db.execute(text.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def pairs(shows: list[int], seats: int, *, first: int = 0) -> Iterator[tuple[int, int, list[str]]]:
    """Yield pairs of free neighbouring seats as (person's index, show's id, labels).

    First one pair of every show, then the next pair of every show. Each pair is for another person
    than the pair before, because holds of one person wait for each other. Nobody gets two pairs of
    one show. The first `first` seats of each show are not free and are left out.
    """
    for pair in range((seats - first) // 2):
        for turn, show in enumerate(shows):
            place = first + pair * 2
            labels = [
                f"R{p // SEATS_IN_ROW + 1}-{p % SEATS_IN_ROW + 1}" for p in (place, place + 1)
            ]
            yield (pair + turn) % PEOPLE, show, labels
