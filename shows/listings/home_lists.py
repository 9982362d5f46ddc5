"""The lists of films on the home page, cached for an hour at most (docs/spec.md §7).

A list is dropped when a film, a genre or the schedule changes. It expires when the last show of one
of its films begins; a list of coming films, at the next midnight at a cinema. Searches are not
cached: too few people type the same text.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Max
from django.db.models.signals import m2m_changed, post_delete, post_save

from bookmyshow.core.cache import Group, drop_group
from bookmyshow.core.cache.single_flight import Lifetime
from bookmyshow.core.db import replicas
from bookmyshow.core.time import next_midnight
from movies.models import Genre, Movie
from movies.signals import films_imported
from shows.models import Cinema, Show

from .films import films
from .filters import NOW, SOON, Facets, Filters

T = TypeVar("T")

GROUP = "films"
KEPT_SECONDS = 3600
FILMS_A_PAGE = 24
SOON_ON_HOME = 6


class FilmLists:
    """The lists at one moment. Each request makes its own instance."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._ends: dict[Filters, datetime] = {}

    @cached_property
    def _group(self) -> Group:
        return Group(GROUP)

    def _kept(self, key: str, compute: Callable[[], T], *, seconds: Lifetime[T]) -> T:
        """A cached value. It is computed from a replica only if that has every change that could
        have dropped it."""
        return self._group.get_or_compute(
            key, lambda: replicas.read(compute, complete=True), seconds=seconds
        )

    def facets(self) -> Facets:
        return self._kept("facets", lambda: Facets.at(self._at), seconds=KEPT_SECONDS)

    def page(self, filters: Filters, number: str | None) -> Page[Any]:
        """A page of the films that meet the filters. An invalid number gives the first page, a
        number that is too large the last."""
        found = filters.films(at=self._at)
        if filters.q:
            return Paginator(found, FILMS_A_PAGE).get_page(number)
        name = f"list:{filters.querystring()}"
        count, good_until = self._kept(
            name,
            lambda: (found.count(), self._good_until(filters)),
            seconds=lambda kept: self._seconds_until(kept[1]),
        )
        page: Page[Any] = Paginator(range(count), FILMS_A_PAGE).get_page(number)
        first = (page.number - 1) * FILMS_A_PAGE
        page.object_list = self._kept(
            f"{name}:{page.number}",
            lambda: list(found[first : first + FILMS_A_PAGE]),
            seconds=self._seconds_until(good_until),
        )
        return page

    def featured(self, city: str) -> Movie | None:
        """The featured film, another one every day. None if no film is on screen."""
        return self._kept(
            f"featured:{city}:{self._at:%j}",
            lambda: films().featured(at=self._at, city=city),
            seconds=lambda _: self._seconds_until(self._good_until(Filters(city=city))),
        )

    def soon(self) -> list[Movie]:
        """The next releases."""
        coming = Filters(list=SOON).films(at=self._at)
        return self._kept(
            "soon",
            lambda: list(coming[:SOON_ON_HOME]),
            seconds=lambda _: self._seconds_until(self._good_until(Filters(list=SOON))),
        )

    def _good_until(self, filters: Filters) -> datetime:
        """The result of `_next_change`, read once: `featured` and `page` need the same one."""
        if filters not in self._ends:
            self._ends[filters] = self._next_change(filters)
        return self._ends[filters]

    def _next_change(self, filters: Filters) -> datetime:
        """When the list must be computed again, at most an hour from now.

        A film leaves the list when its last show begins. A coming film leaves it at a midnight in
        some cinema's time zone.
        """
        latest = self._at + timedelta(seconds=KEPT_SECONDS)
        if filters.list != NOW:
            return min(latest, next_midnight(self._at, Cinema.objects.clocks()))
        last_shows = (
            Show.objects.upcoming(at=self._at)
            .matching(**filters.show_conditions)
            .order_by()
            .values("movie")
            .annotate(last=Max("starts_at"))
        )
        first_to_leave = last_shows.order_by("last").values_list("last", flat=True).first()
        return min(first_to_leave or latest, latest)

    def _seconds_until(self, moment: datetime) -> float:
        return max((moment - self._at).total_seconds(), 1)


def forget() -> None:
    """Drop all lists when the current transaction is committed."""
    transaction.on_commit(partial(drop_group, GROUP))


def forget_after(_sender: object = None, **_signal: Any) -> None:
    forget()


def forget_on_change(*models: type | str) -> None:
    """Drop the lists whenever an instance of these models is saved or deleted.

    Signals cover the admin, the API and the commands. A bulk statement sends no signal, so code
    that uses one calls `forget`.
    """
    for model in models:
        for signal in (post_save, post_delete):
            signal.connect(forget_after, sender=model, dispatch_uid=f"film lists, {model}")


def connect_signals() -> None:
    """Drop the lists when the catalogue changes. Called when the app starts."""
    forget_on_change(Movie, Genre)
    m2m_changed.connect(
        forget_after, sender=Movie.genres.through, dispatch_uid="film lists, genres"
    )
    films_imported.connect(forget_after, dispatch_uid="film lists, import")
