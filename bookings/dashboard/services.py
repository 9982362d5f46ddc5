"""Computes the figures of the staff's dashboard.

The number of queries is fixed, and each reads a limited range of days. The figures of
`_slow_figures` are cached for KEPT_SECONDS.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bookmyshow.core.cache import cacheable, get_or_compute
from bookmyshow.core.db.replicas import reading_connection
from bookmyshow.core.templatetags.formatting import percent_of
from bookmyshow.core.time import A_DAY
from shows.models import Cinema

from .takings import Line, Part, breakdown, summed, totals

PAST, AHEAD = timedelta(days=7), timedelta(days=6)
BEST_FILMS = 8
KEPT_SECONDS = 600

# A row for each currency.
FUNNEL = """
    SELECT c.currency,
           count(*) FILTER (WHERE b.status IN ('CONFIRMED', 'CANCELLED')),
           count(*) FILTER (WHERE NOT (b.status = 'PENDING' AND b.expires_at > %(now)s)),
           count(*) FILTER (WHERE b.status = 'PENDING' AND b.expires_at > %(now)s),
           coalesce(sum(b.total_seats)
                    FILTER (WHERE b.status = 'PENDING' AND b.expires_at > %(now)s), 0),
           coalesce(sum(b.total_amount) FILTER (WHERE b.status = 'CONFIRMED'), 0),
           coalesce(sum(b.total_seats) FILTER (WHERE b.status = 'CONFIRMED'), 0)
    FROM bookings_booking b
    JOIN shows_show w ON w.id = b.show_id
    JOIN shows_screen r ON r.id = w.screen_id
    JOIN shows_cinema c ON c.id = r.cinema_id
    WHERE b.created_at > %(now)s - interval '24 hours' AND b.ended_reason <> 'swapped'
    GROUP BY 1 ORDER BY 1
"""
# Confirmed bookings of the last 7 days, by the hour of booking in the cinema's time zone.
HOURS = """
    SELECT extract(hour FROM b.created_at AT TIME ZONE c.timezone)::int, count(*)
    FROM bookings_booking b
    JOIN shows_show w ON w.id = b.show_id
    JOIN shows_screen r ON r.id = w.screen_id
    JOIN shows_cinema c ON c.id = r.cinema_id
    WHERE b.created_at > %(now)s - interval '7 days' AND b.status = 'CONFIRMED'
    GROUP BY 1
"""
NEWCOMERS = """
    SELECT count(*), count(*) FILTER (WHERE EXISTS (
        SELECT FROM bookings_booking b WHERE b.user_id = u.id AND b.confirmed_at IS NOT NULL))
    FROM accounts_user u
    WHERE u.created_at > %(now)s - interval '30 days' AND NOT u.is_staff AND NOT u.is_guest
"""


@dataclass(frozen=True, slots=True)
class Funnel:
    """The holds of the last 24 hours, without those that were swapped for other seats.

    `ended` counts every hold that is not live any more: confirmed, lapsed, released or cancelled.
    `confirmed` includes tickets that were cancelled later; `takings` and `seats_sold` do not.
    """

    confirmed: int
    ended: int
    alive: int
    seats_held: int
    #: By currency.
    takings: dict[str, Decimal]
    seats_sold: int

    @property
    def conversion(self) -> int | None:
        """How many of the ended holds were confirmed, in percent. None if none has ended."""
        return percent_of(self.confirmed, self.ended) if self.ended else None


@cacheable
@dataclass(frozen=True, slots=True)
class Newcomers:
    """People who signed up in the last 30 days, and how many of them have booked."""

    signed_up: int
    booked: int

    @property
    def conversion(self) -> int | None:
        return percent_of(self.booked, self.signed_up) if self.signed_up else None


@dataclass(frozen=True, slots=True)
class Taken:
    """The seats of some shows, whatever their currencies, and how many are taken."""

    shows: int
    seats: int
    sold: int

    @classmethod
    def of(cls, lines: list[Line]) -> "Taken":
        return cls(
            sum(line.shows for line in lines),
            sum(line.seats for line in lines),
            sum(line.sold for line in lines),
        )


@dataclass(frozen=True, slots=True)
class InCurrency:
    """The days and the best films of the shows that are sold in one currency."""

    currency: str
    days: list[Line]
    films: list[Line]
    #: The sum of these days: its money by way of paying, and what is to be collected.
    total: Line

    @property
    def best_film(self) -> Decimal:
        """The takings of the best film; 0 if there is none."""
        return max((film.takings for film in self.films), default=Decimal())


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The figures of the page. The days of a cinema are in its own time zone."""

    #: Today's dates at the cinemas, in order. Time zones can make it more than one date.
    todays: list[date]
    #: The figures of each currency in use, sorted by currency.
    money: list[InCurrency]
    #: The sum of all shows of today. None if no show takes place today.
    today: Taken | None
    cinemas_today: list[Line]
    cinemas_coming: list[Line]
    funnel: Funnel
    newcomers: Newcomers
    hours: list[int]


def dashboard(*, at: datetime) -> Dashboard:
    """The figures of 7 past days, today and 6 days ahead.

    Runs three queries, or six if the slow figures are not in the cache.
    """
    todays = Cinema.objects.todays(at=at)
    first, last = todays[0], todays[-1]
    funnel = _funnel(at)
    key = f"dashboard:days-before:{first}"
    newcomers, busy, past = get_or_compute(
        key, lambda: _slow_figures(at, first), seconds=KEPT_SECONDS
    )
    parts = past + breakdown(first=first, last=last + AHEAD)
    now_on = [part for part in parts if part.is_today(at)]
    today = Taken.of([part.line for part in now_on])
    return Dashboard(
        todays=todays,
        money=_by_currency(parts),
        today=today if today.shows else None,
        cinemas_today=summed(now_on, "cinema"),
        cinemas_coming=summed((p for p in parts if p.is_from_today_on(at)), "cinema"),
        funnel=funnel,
        newcomers=newcomers,
        hours=[busy.get(hour, 0) for hour in range(24)],
    )


def _funnel(at: datetime) -> Funnel:
    rows = _rows(FUNNEL, at)
    takings = {currency: amount for currency, *_, amount, _seats in rows}
    confirmed, ended, alive, held, sold = (
        sum(row[column] for row in rows) for column in (1, 2, 3, 4, 6)
    )
    return Funnel(confirmed, ended, alive, held, takings, sold)


def _by_currency(parts: list[Part]) -> list[InCurrency]:
    days, films = summed(parts, "day"), summed(parts, "film")
    return [
        InCurrency(
            total.currency,
            [day for day in days if day.currency == total.currency],
            [film for film in films if film.currency == total.currency and film.shows][:BEST_FILMS],
            total,
        )
        for total in totals(days)
    ]


def _slow_figures(at: datetime, today: date) -> tuple[Newcomers, dict[int, int], list[Part]]:
    """Query the slow figures: sign-ups of 30 days, bookings of 7 days by hour, past sales."""
    with reading_connection().cursor() as cursor:
        cursor.execute(HOURS, {"now": at})
        hours = dict(cursor.fetchall())
    sold = breakdown(first=today - PAST, last=today - A_DAY)
    ((signed_up, booked),) = _rows(NEWCOMERS, at)
    return Newcomers(signed_up, booked), hours, sold


def _rows(query: str, at: datetime) -> list[tuple[Any, ...]]:
    with reading_connection().cursor() as cursor:
        cursor.execute(query, {"now": at})
        return cursor.fetchall()
