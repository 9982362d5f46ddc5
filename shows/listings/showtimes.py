"""A film's coming shows, grouped by day, then by cinema."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from shows.booking_fee import ShownFee, ShownPrices, shown_prices
from shows.models import Cinema, Seat, SeatQuerySet, Show, ShowQuerySet

STRIP_DAYS = 7
FEW_SEATS = 20


@dataclass(frozen=True)
class Fullness:
    """How full a show is: a level for the colour, the words, and the percentage of taken seats."""

    level: str
    words: str
    percent: int

    @classmethod
    def of(cls, *, free: int, total: int, free_places: int = 0) -> "Fullness":
        """`free` and `total` count ordinary seats, `free_places` wheelchair places."""
        taken = total - free
        percent = round(100 * taken / total) if total else 100
        if free <= 0 and free_places:
            return cls("filling", "Wheelchair places only", 100)
        if free <= 0:
            return cls("full", "Sold out", 100)
        if free <= min(FEW_SEATS, total // 4):
            return cls("filling", f"{free} seat{'s' if free > 1 else ''} left", percent)
        if free * 5 <= total:
            return cls("filling", "Almost full", percent)
        if free * 2 <= total:
            return cls("filling", "Filling up", percent)
        return cls("open", "Plenty of seats", percent)


@dataclass(frozen=True)
class Slot:
    """One show as a button with its time."""

    show: Show
    starts: datetime
    ends: datetime
    after_midnight: bool
    fullness: Fullness

    @property
    def prices(self) -> ShownPrices:
        return shown_prices(self.show)

    @property
    def price_from(self) -> Decimal:
        """The lowest price, with a booking fee that can't be avoided (shows/booking_fee.py)."""
        return min(self.prices.standard, self.prices.premium)


@dataclass
class CinemaTimes:
    cinema: Cinema
    slots: list[Slot] = field(default_factory=list)

    @property
    def fee(self) -> ShownFee | None:
        """The booking fee that the page mentions, if one of these shows costs something."""
        return next((fee for slot in self.slots if (fee := slot.prices.fee)), None)


@dataclass
class Day:
    date: date
    label: str
    show_count: int = 0

    @property
    def iso(self) -> str:
        return self.date.isoformat()


@dataclass
class Timetable:
    """The strip of dates, and the chosen day's shows by cinema."""

    days: list[Day]
    chosen: Day
    cinemas: list[CinemaTimes]

    @property
    def has_shows(self) -> bool:
        return any(day.show_count for day in self.days)

    @property
    def next_day(self) -> Day | None:
        """The first day after the chosen one with a show."""
        return next((d for d in self.days if d.date > self.chosen.date and d.show_count), None)


def with_wheelchair_places(shows: ShowQuerySet, *, at: datetime) -> ShowQuerySet:
    """Adds the number of wheelchair places (`places`) and of the free ones (`free_places`)."""
    places = Seat.objects.filter(show=OuterRef("pk"), is_wheelchair=True)
    counts = {"places": _counted(places), "free_places": _counted(places.free(at=at))}
    return shows.annotate(**counts)


def _counted(seats: SeatQuerySet) -> Coalesce:
    """How many of these seats each show has; 0 where it has none."""
    count = seats.order_by().values("show").values(count=Count("pk"))
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)


def timetable(shows: Iterable[Show], *, today: date, wanted: str = "") -> Timetable:
    """Group a film's shows by day, and those of the chosen day by cinema.

    `shows` come from `with_free_seats` and `with_wheelchair_places`, ordered by start. `wanted` is
    the ISO date of the chosen day. If it is not a day of the strip, the first day with a show is
    chosen, or today if there is no show. After midnight, the strip begins with yesterday while
    yesterday has late shows to come.
    """
    shows = list(shows)
    show_days = [show.business_day for show in shows]
    start = min([today, *show_days])
    last = max([today + timedelta(days=STRIP_DAYS - 1), *show_days])
    days = {
        day: Day(day, _day_name(day, today))
        for day in (start + timedelta(days=n) for n in range((last - start).days + 1))
    }
    for day in show_days:
        days[day].show_count += 1
    first = next((day for day in days.values() if day.show_count), days[today])
    chosen = next((day for day in days.values() if f"{day.date}" == wanted), first)
    return Timetable(
        days=list(days.values()),
        chosen=chosen,
        cinemas=_by_cinema(show for show in shows if show.business_day == chosen.date),
    )


def _day_name(day: date, today: date) -> str:
    return {-1: "Tonight", 0: "Today", 1: "Tomorrow"}.get((day - today).days, f"{day:%a}")


def _by_cinema(shows: Iterable[Show]) -> list[CinemaTimes]:
    cinemas: dict[int, CinemaTimes] = {}
    for show in shows:
        cinema = show.screen.cinema
        times = cinemas.setdefault(cinema.pk, CinemaTimes(cinema))
        times.slots.append(
            Slot(
                show=show,
                starts=show.local_start,
                ends=show.local_end,
                after_midnight=show.local_day != show.business_day,
                fullness=Fullness.of(
                    free=show.free_seats - show.free_places,
                    total=show.total_seats - show.places,
                    free_places=show.free_places,
                ),
            )
        )
    return sorted(cinemas.values(), key=lambda times: times.cinema.name)
