"""The filters of the home page. A value that is not among the options is ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Q

from bookmyshow.core.cache import cacheable
from bookmyshow.core.search_text import clean_search
from bookmyshow.core.time import business_day, local_day
from movies.models import Movie
from shows.links import filter_query

from .films import FilmQuerySet, films

NOW, SOON = "now", "soon"
DAYS_AHEAD = 7


@cacheable
@dataclass(frozen=True)
class Option:
    value: str
    label: str


SORTS = [
    Option("rating", "Best rated"),
    Option("newest", "Newest first"),
    Option("title", "A to Z"),
]


@cacheable
@dataclass(frozen=True)
class Facets:
    """The values that filters can have, read from the coming shows."""

    #: The time zone of each city, in the order of the cities.
    zones: dict[str, str]
    genres: list[Option]
    languages: list[Option]
    formats: list[Option]

    @classmethod
    def at(cls, at: datetime) -> "Facets":
        coming = Movie.objects.filter(shows__status="SCHEDULED", shows__starts_at__gt=at)
        shows = (
            coming.order_by()
            .values_list(
                "shows__screen__cinema__city",
                "shows__screen__cinema__timezone",
                "shows__language",
                "shows__format",
            )
            .distinct()
        )
        zones, languages, formats = {}, set(), set()
        for city, zone, language, format_ in shows:
            zones[city] = zone
            languages.add(language)
            formats.add(format_)
        genres = coming.order_by().values_list("genres__slug", "genres__name").distinct()
        return cls(
            zones=dict(sorted(zones.items())),
            genres=[Option(slug, name) for slug, name in sorted(genres, key=str) if slug],
            languages=[Option(name, name) for name in sorted(languages - {""})],
            formats=[Option(name, name) for name in sorted(formats - {""})],
        )


@dataclass(frozen=True)
class Options:
    """The options of each filter: values that a coming show has, and for `days` the next days."""

    genres: list[Option]
    cities: list[Option]
    languages: list[Option]
    formats: list[Option]
    days: list[Option]

    @classmethod
    def of(cls, facets: Facets, at: datetime, *, city: str = "") -> "Options":
        """Days are in the time zone of `city`, or of the first city if none is chosen."""
        cities = list(facets.zones)
        zone = facets.zones.get(city) or next(iter(facets.zones.values()), "UTC")
        return cls(
            genres=facets.genres,
            cities=[Option(name, name) for name in cities],
            languages=facets.languages,
            formats=facets.formats,
            days=_days_from(at, ZoneInfo(zone)),
        )


def offered(value: str, options: list[Option]) -> str:
    """The value if it is among the options, else ""."""
    return value if any(option.value == value for option in options) else ""


def _days_from(at: datetime, zone: ZoneInfo) -> list[Option]:
    """Today and the next days. Before 04:00 yesterday comes first: its late shows aren't over."""
    today, names = local_day(at, zone), {-1: "Tonight", 0: "Today", 1: "Tomorrow"}
    first = (business_day(at, zone) - today).days
    days = [(n, today + timedelta(days=n)) for n in range(first, DAYS_AHEAD)]
    return [Option(f"{day}", names.get(n, f"{day:%a} {day.day} {day:%b}")) for n, day in days]


@dataclass(frozen=True)
class Filters:
    q: str = ""
    list: str = NOW
    city: str = ""
    date: str = ""
    genre: str = ""
    language: str = ""
    format: str = ""
    sort: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str], options: Options, *, city: str = "") -> "Filters":
        """`city` is the remembered city, used if the query has no `city`. "" means any city."""

        def chosen(name: str, options: list[Option], default: str = "") -> str:
            return offered(query.get(name, default), options)

        return cls(
            q=clean_search(query.get("q", ""))[:100],
            list=SOON if query.get("list") == SOON else NOW,
            city=chosen("city", options.cities, city),
            date=chosen("date", options.days),
            genre=chosen("genre", options.genres),
            language=chosen("language", options.languages),
            format=chosen("format", options.formats),
            sort=chosen("sort", SORTS),
        )

    @property
    def about_shows(self) -> bool:
        """Whether a date, language or format is set. A search then finds only films with such a
        show."""
        return bool(self.date or self.language or self.format)

    @property
    def narrowed(self) -> bool:
        """Whether a filter other than the city is set."""
        return bool(self.q or self.genre or self.about_shows)

    @property
    def soon(self) -> bool:
        """Whether the page lists coming films, each with its release date. A search is not limited
        to them."""
        return self.list == SOON and not self.q

    @property
    def show_conditions(self) -> dict[str, Any]:
        """The conditions for `Show.objects.matching`."""
        return {
            "city": self.city,
            "day": date.fromisoformat(self.date) if self.date else None,
            "language": self.language,
            "format": self.format,
        }

    @property
    def for_times(self) -> str:
        """The filters that the film's page has too, as a query."""
        return filter_query(
            city=self.city, date=self.date, format=self.format, language=self.language
        )

    def querystring(self, **changes: str | int) -> str:
        """The filters as a query string, with `changes` and without empty values."""
        asked = {**vars(self), **changes}
        if asked["list"] == NOW:
            asked.pop("list")
        return urlencode({name: value for name, value in asked.items() if value})

    def films(self, *, at: datetime) -> FilmQuerySet:
        """The films that meet the filters, each with `is_showing`.

        A search finds films in other cities too, each with its `cities`; films in the chosen city
        come first.
        """
        wanted = films().with_showing(at=at, **self.show_conditions)
        if self.genre:
            wanted = wanted.filter(genres__slug=self.genre)
        if self.q:
            anywhere = {**self.show_conditions, "city": ""}
            found = wanted.search(self.q).with_cities(at=at, **anywhere)
            if self.about_shows:
                found = found.exclude(Q(("cities", [])))
            wanted = found.nearest_first()
        elif self.list == SOON:
            return wanted.coming_soon(at=at).for_cards()
        else:
            wanted = wanted.on_screen()
        if not self.sort and not self.q:
            wanted = wanted.most_shown_first(at=at, **self.show_conditions)
        return wanted.in_order(self.sort).for_cards()
