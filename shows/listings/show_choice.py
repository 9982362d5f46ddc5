"""The choice of city, format and language among a film's coming shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import QueryDict

from shows.links import filter_query
from shows.models import Show

from .filters import Option, offered


@dataclass(frozen=True)
class Choice:
    """A film's shows in one city, format and language; "" means any.

    A value that no show of the film has is ignored.
    """

    shows: list[Show]
    cities: list[Option]
    formats: list[Option]
    languages: list[Option]
    city: str
    format: str
    language: str
    #: Cities with a show in the chosen format and language.
    cities_with_it: list[str]

    @classmethod
    def of(cls, shows: Iterable[Show], query: Mapping[str, str], *, city: str) -> "Choice":
        """`city` is the remembered city; a city in the query has priority."""
        shows = list(shows)
        cities = _options(show.screen.cinema.city for show in shows)
        formats = _options(show.format for show in shows)
        languages = _options(show.language for show in shows)
        city = offered(query.get("city", city), cities)
        format_ = offered(query.get("format", ""), formats)
        language = offered(query.get("language", ""), languages)
        fitting = [
            show
            for show in shows
            if format_ in ("", show.format) and language in ("", show.language)
        ]
        return cls(
            shows=[show for show in fitting if city in ("", show.screen.cinema.city)],
            cities=cities,
            formats=formats,
            languages=languages,
            city=city,
            format=format_,
            language=language,
            cities_with_it=sorted({show.screen.cinema.city for show in fitting}),
        )

    @property
    def is_offered(self) -> bool:
        """Whether there is more than one city, format or language to choose from."""
        return max(map(len, (self.cities, self.formats, self.languages))) > 1

    @property
    def asked(self) -> QueryDict:
        """The choice as a query, for links to a show's page, back to the film and to other days."""
        return QueryDict(self._query()[1:])

    def address(self, path: str, *, day: str) -> str:
        """The film's page with this choice and day."""
        return path + self._query(date=day)

    def _query(self, **more: str) -> str:
        return filter_query(city=self.city, **more, format=self.format, language=self.language)


def _options(names: Iterable[str]) -> list[Option]:
    return [Option(name, name) for name in sorted({*names} - {""})]
