"""Endpoints that read films: the list, and a film with its shows.

They are added to the router of movies/api.py.
"""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query

from bookmyshow.core.api.openapi import problems
from bookmyshow.core.api.paging import PageOf
from bookmyshow.core.api.responses import answer, answer_list
from bookmyshow.core.api.schemas import Answer, List, Pagination, PathId
from bookmyshow.core.db import replicas
from bookmyshow.core.time import database_now
from movies.api import find_movie
from movies.api import router as router
from movies.schemas import MovieOut, MovieQuery
from shows.models import Show
from shows.schemas import MovieWithShowsOut, ShowOut

from .films import films


@router.get("", response={200: List[MovieOut]}, openapi_extra=problems(public=True))
def list_movies(request: HttpRequest, query: Query[MovieQuery]) -> HttpResponse:
    """Find films: the most relevant first in a search, else those with a coming show first."""
    rows, pagination = replicas.read(lambda: _movies(request, query), complete=True)
    return answer_list(rows, pagination, public=True)


def _movies(request: HttpRequest, query: MovieQuery) -> tuple[list[MovieOut], Pagination]:
    if query.city or not query.search:
        found = films().with_showing(at=timezone.now(), city=query.city)
    else:
        # A search without a city does not need the shows.
        found = films().catalogue()
    if query.city:
        found = found.on_screen()
    if query.genre:
        found = found.filter(
            Q(genres__slug=query.genre.lower()) | Q(genres__name__iexact=query.genre)
        )
    if query.language:
        found = found.filter(language__iexact=query.language)
    found = found.search(query.search) if query.search else found.showing_first()
    page = PageOf(found.prefetch_related("genres"), query)
    return [MovieOut.of(movie, request) for movie in page.rows], page.pagination


@router.get(
    "/{id}",
    response={200: Answer[MovieWithShowsOut]},
    openapi_extra=problems("NOT_FOUND", public=True),
)
def read_movie(request: HttpRequest, id: PathId) -> HttpResponse:
    """A film and its coming shows."""
    movie = find_movie(id)
    now = database_now()
    coming = Show.objects.upcoming(at=now).filter(movie=movie).with_free_seats(at=now)
    shows = [ShowOut.of(show) for show in coming.with_names()]
    return answer(MovieWithShowsOut.with_shows(movie, shows, request), public=True)
