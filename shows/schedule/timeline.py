"""The timeline of a cinema's day: each screen's shows, drawn to scale, and how full they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bookmyshow.core.templatetags.formatting import percent_of
from shows.models import Cinema, Screen, Show

#: The timeline begins at 06:00, so that a show after midnight is on the day of its evening.
DAY_BEGINS = time(6)
# One horizontal unit of the drawing is a minute. The vertical sizes are: a screen's lane, the gap
# below it, and the space for the hours above the first lane.
LANE, GAP, HEAD = 76, 10, 26
# The box of a show shorter than this (in minutes) has no room for its time and title.
NARROW = 70


@dataclass(frozen=True, slots=True)
class Block:
    """One show as a box. `x`, `width` and `cleaning` are minutes; `x` counts from DAY_BEGINS."""

    show: Show
    x: float
    y: float
    width: float
    cleaning: float
    taken: int

    @property
    def filled(self) -> float:
        return self.width * self.taken / self.show.total_seats if self.show.total_seats else 0

    @property
    def ends(self) -> float:
        return self.x + self.width

    @property
    def is_narrow(self) -> bool:
        return self.width < NARROW

    @property
    def percent(self) -> int:
        return percent_of(self.taken, self.show.total_seats)


@dataclass(frozen=True, slots=True)
class Lane:
    screen: Screen
    y: float
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class Day:
    """Everything that the page draws."""

    cinema: Cinema
    day: date
    lanes: list[Lane]
    hours: list[tuple[float, str]]
    now_x: float | None
    width: float
    height: float
    lane_height: int = LANE


def day_of(cinema: Cinema, day: date, *, at: datetime) -> Day:
    """The day from DAY_BEGINS until DAY_BEGINS of the next date, on the cinema's clock. When the
    clocks change, it has 23 or 25 hours."""
    zone = cinema.tz
    begins = datetime.combine(day, DAY_BEGINS, zone).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), DAY_BEGINS, zone).astimezone(UTC)
    screens = list(cinema.screens.defer("seating_plan").order_by("name"))
    shows = list(
        Show.objects.scheduled()
        .filter(screen__cinema=cinema, starts_at__lt=ends, busy_until__gt=begins)
        .with_free_seats(at=at)
        .with_film()
        .order_by("starts_at")
    )
    lanes = [_lane(screen, number, shows, begins) for number, screen in enumerate(screens)]
    length = _minutes(ends - begins)
    hours = [(60.0 * n, f"{_local(begins, n, cinema):%H}") for n in range(int(length // 60) + 1)]
    return Day(
        cinema=cinema,
        day=day,
        lanes=lanes,
        hours=hours,
        now_x=_minutes(at - begins) if begins <= at < ends else None,
        width=length,
        height=HEAD + len(lanes) * (LANE + GAP),
    )


def _lane(screen: Screen, number: int, shows: Sequence[Show], begins: datetime) -> Lane:
    y = HEAD + number * (LANE + GAP)
    blocks = [
        Block(
            show=show,
            x=_minutes(show.starts_at - begins),
            y=y,
            width=_minutes(show.ends_at - show.starts_at),
            cleaning=_minutes(show.busy_until - show.ends_at),
            taken=show.total_seats - show.free_seats,
        )
        for show in shows
        if show.screen_id == screen.pk
    ]
    return Lane(screen, y, blocks)


def _local(begins: datetime, hours: int, cinema: Cinema) -> datetime:
    return (begins + timedelta(hours=hours)).astimezone(cinema.tz)


def _minutes(length: timedelta) -> float:
    return length.total_seconds() / 60
