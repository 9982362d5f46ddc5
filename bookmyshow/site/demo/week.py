"""Finds the shows of the coming week that are not in the database yet."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bookmyshow.core.time import A_DAY, local_day
from movies.models import Movie
from shows.models import Screen, Show
from shows.services import ShowSlot

from .catalogue import slug_of
from .cinemas import CINEMAS, DemoCinema, DemoMoney
from .films import FILMS
from .schedule import Slot, programme

DAYS = 7
# Rupees for a pound. A demo that was made before cinemas had currencies has London in rupees.
OLD_RATE = 100


def missing_shows(movies: Mapping[str, Movie], *, now: datetime) -> Iterator[ShowSlot]:
    """Shows for today and the next days (DAYS in total), on screens that have none on that day.

    Days are local days of the cinema. Films and screens are used as staff have edited them. A show
    is left out if the screen is in use at that time.
    """
    screens = _screens()
    booked = _booked({screen.pk for screen in screens.values()}, now)
    films = [
        (replace(film, minutes=movie.duration_minutes), movie)
        for film in FILMS
        if (movie := movies.get(slug_of(film))) and movie.duration_minutes
    ]
    for cinema in _as_edited(screens):
        today = local_day(now, ZoneInfo(cinema.timezone))
        for day in (today + A_DAY * count for count in range(DAYS)):
            showing = tuple(film for film, movie in films if _is_out(movie, day))
            for slot in programme(cinema, showing, day):
                screen = screens[cinema.slug, slot.screen.name]
                if booked[screen.pk].allows(slot, day):
                    yield _show_slot(slot, screen, movies[slug_of(slot.film)])


class _BusyTimes:
    """For one screen: the days that have shows, and the times at which it is in use.

    A cancelled show does not use the screen, but its day is not filled again.
    """

    def __init__(self) -> None:
        self.days: set[date] = set()
        self.busy: list[tuple[datetime, datetime]] = []

    def add(self, show: Show) -> None:
        self.days.add(show.local_day)
        if not show.is_cancelled:
            self.busy.append((show.starts_at, show.busy_until))

    def allows(self, slot: Slot, day: date) -> bool:
        if day in self.days:
            return False
        ends_at = slot.starts_at + timedelta(
            minutes=slot.film.minutes + slot.screen.cleaning_minutes
        )
        return all(end <= slot.starts_at or ends_at <= start for start, end in self.busy)


def _screens() -> dict[tuple[str, str], Screen]:
    slugs = [cinema.slug for cinema in CINEMAS]
    found = Screen.objects.filter(cinema__slug__in=slugs).select_related("cinema")
    return {(screen.cinema.slug, screen.name): screen for screen in found}


def _booked(screen_ids: set[int], now: datetime) -> dict[int, _BusyTimes]:
    booked: dict[int, _BusyTimes] = defaultdict(_BusyTimes)
    shows = Show.objects.filter(
        screen__in=screen_ids,
        busy_until__gt=now - 2 * A_DAY,
        starts_at__lt=now + (DAYS + 2) * A_DAY,
    )
    for show in shows.select_related("screen__cinema"):
        booked[show.screen_id].add(show)
    return booked


def _as_edited(screens: Mapping[tuple[str, str], Screen]) -> Iterator[DemoCinema]:
    """The demo's cinemas with the time zone, screens and cleaning times from the database, and
    prices in its currency.

    Screens that staff have deleted or renamed are left out, and cinemas without a screen.
    """
    for cinema in CINEMAS:
        left = [
            (s, screens[cinema.slug, s.name])
            for s in cinema.screens
            if (cinema.slug, s.name) in screens
        ]
        if left:
            edited = left[0][1].cinema
            in_old_rupees = edited.currency != cinema.money.currency == "GBP"
            rate = OLD_RATE if in_old_rupees else 1
            yield replace(
                cinema,
                timezone=edited.timezone,
                money=_converted(cinema.money, rate),
                screens=tuple(
                    replace(
                        demo,
                        cleaning_minutes=screen.cleaning_minutes,
                        standard=demo.standard * rate,
                        premium=demo.premium * rate,
                    )
                    for demo, screen in left
                ),
            )


def _converted(money: DemoMoney, rate: int) -> DemoMoney:
    return replace(money, step=money.step * rate, extra_3d=money.extra_3d * rate)


def _is_out(movie: Movie, day: date) -> bool:
    return movie.release_date is None or movie.release_date <= day


def _show_slot(slot: Slot, screen: Screen, movie: Movie) -> ShowSlot:
    return ShowSlot(
        movie=movie,
        screen=screen,
        starts_at=slot.starts_at,
        standard_price=slot.standard,
        premium_price=slot.premium,
        format=slot.format,
        language=movie.language,
    )
