"""What plays when: a day's programme of a cinema, the same each time it is asked for."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle
from zoneinfo import ZoneInfo

from .cinemas import DemoCinema, DemoScreen
from .film import Film

TRAILERS = timedelta(minutes=15)
ROUND_TO = timedelta(minutes=5)
FRIDAY = 4
# Cinemas change their programme on Fridays.
FIRST_FRIDAY = date(2026, 1, 2)
IMAX = "IMAX"
# The draw from which a film can carry a screen for a week.
LEADING = 4
MATINEE_UNTIL = time(12, 30)
EVENING_FROM = time(17, 30)


@dataclass(frozen=True, slots=True)
class Slot:
    """A show of the programme, not yet in the database."""

    film: Film
    screen: DemoScreen
    starts_at: datetime
    format: str
    standard: Decimal
    premium: Decimal


def programme(cinema: DemoCinema, films: tuple[Film, ...], day: date) -> Iterator[Slot]:
    """The shows of one local day at a cinema, screen by screen.

    Each screen has a main film for the week, and between its shows the cinema goes through all the
    films its audience comes for, two a day on each screen.
    """
    mixer = random.Random(cinema.slug)
    suited = [film for film in films if film.language in cinema.languages]
    suited = mixer.sample(suited, len(suited))
    week = (day - FIRST_FRIDAY).days // 7
    for number, screen in enumerate(cinema.screens):
        reel = [film for film in suited if not screen.large_format or IMAX in film.formats]
        leads = [film for film in reel if film.draw >= LEADING] or reel
        main = leads[(week + number * len(leads) // len(cinema.screens)) % len(leads)]
        others = [film for film in reel if film is not main] or [main]
        turn = day.toordinal() * 2 + number * len(others) // len(cinema.screens)
        one, two = others[turn % len(others)], others[(turn + 1) % len(others)]
        yield from _day(screen, day, cinema, cycle((main, one, main, two, main)))


def _day(
    screen: DemoScreen, day: date, cinema: DemoCinema, films: Iterator[Film]
) -> Iterator[Slot]:
    tz = ZoneInfo(cinema.timezone)
    starts_at = datetime.combine(day, screen.opens, tz)
    close = datetime.combine(day, cinema.last_start, tz)
    while starts_at <= close:
        film = next(films)
        yield _slot(film, screen, starts_at)
        free = starts_at + timedelta(minutes=film.minutes + screen.cleaning_minutes)
        starts_at = _rounded_up(free + TRAILERS)


def _slot(film: Film, screen: DemoScreen, starts_at: datetime) -> Slot:
    dice = random.Random(f"{screen.name} {starts_at.isoformat()}")
    here = [name for name in film.formats if (name == IMAX) == screen.large_format]
    shown = dice.choice(here)
    factor = Decimal(1)
    if starts_at.time() < MATINEE_UNTIL:
        factor -= Decimal("0.2")
    elif starts_at.time() >= EVENING_FROM and starts_at.weekday() >= FRIDAY:
        factor += Decimal("0.15")
    extra = 40 if shown == "3D" else 0
    return Slot(
        film,
        screen,
        starts_at,
        shown,
        _price(screen.standard * factor + extra),
        _price(screen.premium * factor + extra),
    )


def _price(amount: Decimal) -> Decimal:
    """To the next ten below, as box offices have it."""
    return amount // 10 * 10


def _rounded_up(moment: datetime) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment + (midnight - moment) % ROUND_TO
