"""Sums up the sales of shows in a range of days by day, cinema or film. Archived shows count too.

Beside the sales is the money that was kept for these shows, by way of paying, and what is still to
be collected. A cancelled show adds no show, no seats and no sales. Its bookings count as cancelled.
Amounts of two currencies are never added: a day or film with shows in both has a line for each.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bookmyshow.core.cache import cacheable
from bookmyshow.core.currencies import from_minor
from bookmyshow.core.db.replicas import reading_connection
from bookmyshow.core.time import local_day

# The day of a show is its date in the cinema's time zone. Bookings are summed for each show first,
# in a subquery: after a plain join a show's seats would count once for each booking. The first
# condition on starts_at is two days wider on each side, so it fits every time zone; the second is
# exact. Money is what was taken minus what went back, or is on its way back, in minor units. It is
# read by show: one probe of an index for each show, not for each payment.
REPORT = """
    WITH shows AS (
        SELECT id, starts_at, screen_id, movie_id, total_seats, status = 'SCHEDULED' AS is_on
        FROM shows_show
        UNION ALL
        SELECT id, starts_at, screen_id, movie_id, total_seats, status = 'SCHEDULED' AS is_on
        FROM archive_archivedshow
    ), bookings AS (
        SELECT id, show_id, status, total_seats, total_amount FROM bookings_booking
        UNION ALL
        SELECT id, show_id, status, total_seats, total_amount FROM archive_archivedbooking
    )
    SELECT {group}, c.currency,
           count(*) FILTER (WHERE w.is_on), coalesce(sum(w.total_seats) FILTER (WHERE w.is_on), 0),
           coalesce(sum(sold.seats), 0), coalesce(sum(sold.bookings), 0),
           coalesce(sum(sold.amount), 0), coalesce(sum(sold.cancelled), 0),
           coalesce(sum(sold.unpaid), 0),
           coalesce(sum(kept.online), 0)::bigint, coalesce(sum(kept.cash), 0)::bigint,
           coalesce(sum(kept.card), 0)::bigint, coalesce(sum(kept.other), 0)::bigint
    FROM shows w
    JOIN shows_screen r ON r.id = w.screen_id
    JOIN shows_cinema c ON c.id = r.cinema_id
    JOIN movies_movie m ON m.id = w.movie_id
    LEFT JOIN LATERAL (
        SELECT sum(b.total_seats) FILTER (WHERE b.status = 'CONFIRMED' AND w.is_on) AS seats,
               count(*) FILTER (WHERE b.status = 'CONFIRMED' AND w.is_on) AS bookings,
               sum(b.total_amount) FILTER (WHERE b.status = 'CONFIRMED' AND w.is_on) AS amount,
               count(*) FILTER (WHERE b.status = 'CANCELLED') AS cancelled,
               sum(b.total_amount)
                   FILTER (WHERE b.status = 'CONFIRMED' AND w.is_on AND o.id IS NULL) AS unpaid
        FROM bookings b
        LEFT JOIN payments_order o
            ON o.show_id = w.id AND o.booking_id = b.id AND o.state = 'PAID'
        WHERE b.show_id = w.id
    ) sold ON true
    LEFT JOIN LATERAL (
        SELECT sum(k.amount) FILTER (WHERE k.provider <> 'counter') AS online,
               sum(k.amount) FILTER (WHERE k.method = 'cash') AS cash,
               sum(k.amount) FILTER (WHERE k.method = 'card') AS card,
               sum(k.amount) FILTER (WHERE k.method = 'other') AS other
        FROM (
            SELECT p.provider, p.method, p.captured AS amount FROM payments_payment p
            WHERE p.show_id = w.id AND p.state = 'CAPTURED'
            UNION ALL
            SELECT p.provider, p.method, -f.amount FROM payments_refund f
            JOIN payments_payment p ON p.show_id = f.show_id AND p.id = f.payment_id
            WHERE f.show_id = w.id AND f.state <> 'FAILED'
        ) k
    ) kept ON true
    WHERE w.starts_at BETWEEN %(first)s::date - 2 AND %(last)s::date + 2
      AND (w.starts_at AT TIME ZONE c.timezone)::date BETWEEN %(first)s AND %(last)s
    GROUP BY 1, 2 ORDER BY {order}
"""
DAY, CINEMA, FILM = (
    "((w.starts_at AT TIME ZONE c.timezone)::date)::text",
    "c.name || ', ' || c.city",
    "m.title",
)
# For each report: the columns that name a line, and the order. Column 2 is the currency, column 7
# the takings.
GROUPS = {
    "day": ({"day": DAY}, "1, 2"),
    "cinema": ({"cinema": "c.name", "city": "c.city"}, "2, 7 DESC, 1"),
    "film": ({"film": FILM}, "2, 7 DESC, 1"),
}


@cacheable
@dataclass(frozen=True, slots=True)
class Line:
    """One day, cinema or film: its shows in one currency. Amounts are in its major unit.

    `takings` are the sales. `online`, `cash`, `card` and `other` are the money of these shows by
    way of paying, without what goes back. `to_collect` is what was sold and nobody has paid.
    """

    #: One value for each naming column, for example a cinema's name and its city.
    names: tuple[str, ...]
    currency: str
    shows: int = 0
    seats: int = 0
    sold: int = 0
    bookings: int = 0
    takings: Decimal = Decimal()
    cancelled: int = 0
    to_collect: Decimal = Decimal()
    online: Decimal = Decimal()
    cash: Decimal = Decimal()
    card: Decimal = Decimal()
    other: Decimal = Decimal()

    @classmethod
    def of_row(cls, names: Iterable[str], currency: str, *sums: Any) -> "Line":
        """A line from the columns of REPORT after the group."""
        counts, money = sums[:-4], sums[-4:]
        return cls(tuple(names), currency, *counts, *(from_minor(n, currency) for n in money))

    @property
    def name(self) -> str:
        return ", ".join(self.names)

    @property
    def paid(self) -> Decimal:
        """The money of all ways of paying."""
        return self.online + self.cash + self.card + self.other

    @property
    def occupancy(self) -> float:
        """The share of seats sold, in percent."""
        return 100 * self.sold / self.seats if self.seats else 0.0


def sales(*, by: str, first: date, last: date) -> Iterator[Line]:
    """The lines of each day, cinema or film (`by`) that has shows from `first` to `last`.

    A line for each currency. Both days are included. Days are in order. Cinemas and films are
    sorted by currency, then by takings, the highest first.
    """
    columns, order = GROUPS[by]
    group = f"ARRAY[{', '.join(columns.values())}]"
    with reading_connection().cursor() as cursor:
        cursor.execute(REPORT.format(group=group, order=order), {"first": first, "last": last})
        for names, currency, *sums in cursor:
            yield Line.of_row(names, currency, *sums)


#: The fields of a Line that can be added up.
FIGURES = [field.name for field in fields(Line) if field.name not in {"names", "currency"}]


@cacheable
@dataclass(frozen=True, slots=True)
class Part:
    """The sales of one film on one day at one cinema. `day` is an ISO date."""

    day: str
    cinema: str
    film: str
    zone: str
    line: Line

    def is_from_today_on(self, at: datetime) -> bool:
        """Whether `day` is the date of `at` in the cinema's time zone, or a later date."""
        return self.day >= self.today(at)

    def is_today(self, at: datetime) -> bool:
        return self.day == self.today(at)

    def today(self, at: datetime) -> str:
        return local_day(at, ZoneInfo(self.zone)).isoformat()


def breakdown(*, first: date, last: date) -> list[Part]:
    """The sales of these days by day, cinema and film. `summed` adds them up by one of these."""
    group = f"ARRAY[{DAY}, {CINEMA}, {FILM}, c.timezone]"
    with reading_connection().cursor() as cursor:
        cursor.execute(REPORT.format(group=group, order="1"), {"first": first, "last": last})
        return [
            Part(day, cinema, film, zone, Line.of_row((), currency, *sums))
            for (day, cinema, film, zone), currency, *sums in cursor
        ]


def summed(parts: Iterable[Part], by: str) -> list[Line]:
    """Sum up the parts by day, cinema or film (`by`), and currency.

    Days are in order. Cinemas and films are sorted by currency, then by takings, the highest first.
    """
    lines: dict[str, list[Line]] = {}
    for part in parts:
        lines.setdefault(getattr(part, by), []).append(part.line)
    sums = [line for name, found in sorted(lines.items()) for line in totals(found, name)]
    if by == "day":
        return sums
    return sorted(sums, key=lambda line: (line.currency, -line.takings))


def totals(lines: Iterable[Line], name: str = "total") -> list[Line]:
    """The sum of the lines of each currency, sorted by currency."""
    by_currency: dict[str, list[Line]] = {}
    for line in lines:
        by_currency.setdefault(line.currency, []).append(line)
    return [_total(found, name, currency) for currency, found in sorted(by_currency.items())]


def _total(lines: list[Line], name: str, currency: str) -> Line:
    sums = (sum(getattr(line, figure) for line in lines) for figure in FIGURES)
    return Line((name,), currency, *sums)
