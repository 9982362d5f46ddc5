"""The programme of a cinema for one day. The same arguments always give the same programme."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle
from zoneinfo import ZoneInfo

from .cinemas import CINEMAS, DemoCinema, DemoMoney, DemoScreen
from .film import Film

TRAILERS = timedelta(minutes=15)
ROUND_TO = timedelta(minutes=5)
FRIDAY = 4
# Weeks are counted from here. Cinemas change their programme on Fridays.
FIRST_FRIDAY = date(2026, 1, 2)
IMAX = "IMAX"
# Films of at least this popularity may be main films in every cinema that has their language.
LEADING = 4
MATINEE_UNTIL = time(12, 30)
EVENING_FROM = time(17, 30)


@dataclass(frozen=True, slots=True)
class Slot:
    """A show of the programme that is not in the database yet."""

    film: Film
    screen: DemoScreen
    starts_at: datetime
    format: str
    standard: Decimal
    premium: Decimal


def programme(cinema: DemoCinema, films: tuple[Film, ...], day: date) -> Iterator[Slot]:
    """The shows of one local day at a cinema, screen by screen.

    A screen shows two main films. The third show of the day has a third film: another main film of
    the week, or an older film. Each older film is shown in one cinema, once a week.
    """
    week = (day - FIRST_FRIDAY).days // 7
    slate = _slate(films, week)
    suited = [film for film in slate if film.language in cinema.languages]
    mixed = random.Random(cinema.slug).sample(suited, len(suited))
    suited = sorted(
        mixed, key=lambda film: -film.popularity - (film.language == cinema.languages[0])
    )
    once = _once_a_week(films, slate, cinema)
    ordinary = [screen for screen in cinema.screens if not screen.large_format]
    used: set[Film] = set()
    for number, screen in enumerate(cinema.screens):
        main, second = _leads(screen, suited, mixed, used, week + number)
        used |= {main, second}
        rest = [film for film in mixed if film not in (main, second) and _fits(film, screen)]
        guest = rest[(day.toordinal() + number) % len(rest)] if rest else main
        if screen in ordinary:
            guest = once.get(day.weekday() * len(ordinary) + ordinary.index(screen), guest)
        yield from _day(screen, day, cinema, cycle((main, second, guest, main, second)))


def _slate(films: tuple[Film, ...], week: int) -> list[Film]:
    """The main films of the week: the popular ones, and one in a language that those don't have.

    All films if there are none.
    """
    leading = [film for film in films if film.popularity >= LEADING]
    languages = {film.language for film in leading}
    foreign = [
        film for film in films if film.popularity == LEADING - 1 and film.language not in languages
    ]
    slate = leading + foreign[week % len(foreign) :][:1] if foreign else leading
    return slate or list(films)


def _leads(
    screen: DemoScreen, suited: list[Film], mixed: list[Film], used: set[Film], turn: int
) -> tuple[Film, Film]:
    """Choose the two main films of a screen.

    The first is the most popular one that no earlier screen of the cinema has. The second changes
    every week (`turn`).
    """
    fresh = [film for film in suited if film not in used and _fits(film, screen)]
    main = (fresh or suited)[0]
    turns = [film for film in mixed if film in fresh and film is not main] or [main]
    return main, turns[turn % len(turns)]


def _fits(film: Film, screen: DemoScreen) -> bool:
    return not screen.large_format or IMAX in film.formats


def _once_a_week(films: tuple[Film, ...], slate: list[Film], cinema: DemoCinema) -> dict[int, Film]:
    """This cinema's older films. The key says which third show of the week has the film.

    The third shows of a week, except those of large-format screens, are numbered from 0. Each older
    film goes to a cinema that has its language, the one with the fewest older films so far.
    """
    shares: dict[str, list[Film]] = {other.slug: [] for other in CINEMAS}
    for film in films:
        suitable = [other.slug for other in CINEMAS if film.language in other.languages]
        if film not in slate and suitable:
            min((shares[slug] for slug in suitable), key=len).append(film)
    afternoons = 7 * sum(not screen.large_format for screen in cinema.screens)
    share = shares.get(cinema.slug, [])[:afternoons]
    return {place * afternoons // len(share): film for place, film in enumerate(share)}


def _day(
    screen: DemoScreen, day: date, cinema: DemoCinema, films: Iterator[Film]
) -> Iterator[Slot]:
    tz = ZoneInfo(cinema.timezone)
    starts_at = datetime.combine(day, screen.opens, tz)
    close = datetime.combine(day, cinema.last_start, tz)
    while starts_at <= close:
        film = next(films)
        yield _slot(film, screen, starts_at, cinema.money)
        free = starts_at + timedelta(minutes=film.minutes + screen.cleaning_minutes)
        starts_at = _rounded_up(free + TRAILERS)


def _slot(film: Film, screen: DemoScreen, starts_at: datetime, money: DemoMoney) -> Slot:
    rng = random.Random(f"{screen.name} {starts_at.isoformat()}")
    possible = [name for name in film.formats if (name == IMAX) == screen.large_format]
    shown = rng.choice(possible)
    factor = Decimal(1)
    if starts_at.time() < MATINEE_UNTIL:
        factor -= Decimal("0.2")
    elif starts_at.time() >= EVENING_FROM and starts_at.weekday() >= FRIDAY:
        factor += Decimal("0.15")
    extra = money.extra_3d if shown == "3D" else 0
    return Slot(
        film,
        screen,
        starts_at,
        shown,
        _price(screen.standard * factor + extra, money.step),
        _price(screen.premium * factor + extra, money.step),
    )


def _price(amount: Decimal, step: Decimal | int) -> Decimal:
    """The price rounded down to a multiple of `step`."""
    return amount // step * step


def _rounded_up(moment: datetime) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment + (midnight - moment) % ROUND_TO
