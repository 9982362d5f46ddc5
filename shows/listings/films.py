"""Queries about films and their shows: which films are on screen, where, and which are coming."""

from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
)
from django.db.models.functions import Coalesce

from movies.models import LONG_COLUMNS, Movie, MovieQuerySet
from shows.models import Cinema, Show, ShowQuerySet

# Each day another film is featured. This many films take turns: those with the most coming shows.
FEATURED_FILMS = 5


def films() -> "FilmQuerySet":
    """All films, like `Movie.objects`, with the query methods about shows."""
    return FilmQuerySet(Movie).defer("search")


class FilmQuerySet(MovieQuerySet):
    def for_cards(self) -> Self:
        """With genres and without the long columns, which a card doesn't show."""
        return self.defer(*LONG_COLUMNS).prefetch_related("genres")

    def with_showing(self, *, at: datetime, **conditions: Any) -> Self:
        """Films that aren't archived, each with `is_showing`: whether it has a coming show that
        meets all `conditions` (those of ShowQuerySet.matching)."""
        coming = _coming_show(at, **conditions)
        return self.filter(archived_at=None).annotate(is_showing=coming)

    def on_screen(self) -> Self:
        """After `with_showing`: only the films with `is_showing`."""
        return self.filter(Q(("is_showing", True)))

    def showing_first(self) -> Self:
        """After `with_showing`: films with `is_showing` first. Otherwise the order stays."""
        return self.order_by("-is_showing", *self.query.order_by)

    def with_cities(self, *, at: datetime, **conditions: Any) -> Self:
        """Adds `cities`, sorted: those where a coming show of the film meets `conditions`."""
        shows = _coming_shows(at, **conditions).values("screen__cinema__city")
        return self.annotate(
            cities=ArraySubquery(shows.distinct().order_by("screen__cinema__city"))
        )

    def nearest_first(self) -> Self:
        """After `with_showing` and `with_cities`: films with `is_showing` first, then films with
        `cities`, then the rest. Within each group the order stays."""
        nowhere = ExpressionWrapper(Q(("cities", [])), output_field=BooleanField())
        return self.order_by("-is_showing", nowhere, *self.query.order_by)

    def coming_soon(self, *, at: datetime) -> Self:
        """Films without a coming show whose release day has not begun yet, soonest first.

        A film stays here until its release day has begun in the time zones of all cinemas.
        """
        first_today = Cinema.objects.first_today(at=at)
        coming = self.catalogue().filter(release_date__gt=first_today)
        return coming.filter(~_coming_show(at)).order_by("release_date", "title", "pk")

    def most_shown_first(self, *, at: datetime, **conditions: Any) -> Self:
        """Ordered by how many coming shows meet `conditions`, then by rating."""
        counted = _coming_shows(at, **conditions).values("movie")
        often = Coalesce(Subquery(counted.annotate(count=Count("pk")).values("count")), 0)
        return self.order_by(often.desc(), F("rating").desc(nulls_last=True), "title", "pk")

    def featured(self, *, at: datetime, city: str = "") -> Movie | None:
        """The featured film of the home page: each day another of the FEATURED_FILMS most shown.

        None if no film is on screen.
        """
        showing = self.with_showing(at=at, city=city).on_screen()
        showing = showing.most_shown_first(at=at, city=city)
        found = showing.prefetch_related("genres")[:FEATURED_FILMS]
        return found[at.toordinal() % len(found)] if found else None


def _coming_show(at: datetime, **conditions: Any) -> Exists:
    return Exists(_coming_shows(at, **conditions))


def _coming_shows(at: datetime, **conditions: Any) -> ShowQuerySet:
    """For a subquery: the film's coming shows that meet `conditions`."""
    shows = Show.objects.upcoming(at=at).matching(**conditions)
    return shows.order_by().filter(movie=OuterRef("pk"))
