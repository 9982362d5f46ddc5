"""The catalogue: films to find, and to keep. A film and its shows are read in `shows.api`."""

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from accounts.authentication import AdminToken, ApiRequest
from bookmyshow.core.api.errors import ApiProblem
from bookmyshow.core.api.openapi import problems
from bookmyshow.core.api.paging import PageOf
from bookmyshow.core.api.responses import answer, answer_list
from bookmyshow.core.api.schemas import Answer, List, PathId
from bookmyshow.core.staff import audit

from . import services
from .models import Movie
from .schemas import MovieIn, MovieOut, MovieQuery

router = Router(tags=["Films"])
ADDED, DELETED = "Added through the API.", "Deleted through the API."


@router.get("", response={200: List[MovieOut]}, openapi_extra=problems(public=True))
def list_movies(request: HttpRequest, query: Query[MovieQuery]) -> HttpResponse:
    """Find films: the most relevant first in a search, else those with a coming show first."""
    if query.city or not query.search:
        films = Movie.objects.with_showing(at=timezone.now(), city=query.city)
    else:
        # A search that isn't about a city needs to look at no show.
        films = Movie.objects.catalogue()
    if query.city:
        films = films.on_screen()
    if query.genre:
        films = films.filter(
            Q(genres__slug=query.genre.lower()) | Q(genres__name__iexact=query.genre)
        )
    if query.language:
        films = films.filter(language__iexact=query.language)
    films = films.search(query.search) if query.search else films.showing_first()
    page = PageOf(films.prefetch_related("genres"), query)
    return answer_list(
        [MovieOut.of(movie, request) for movie in page.rows], page.pagination, public=True
    )


@router.post("", auth=AdminToken(), response={201: Answer[MovieOut]})
def create_movie(request: ApiRequest, movie: MovieIn) -> HttpResponse:
    """Add a film to the catalogue."""
    with transaction.atomic():
        created = services.create_movie(movie.facts(request))
        audit.record(by=request.auth, about=created, what=ADDED, kind=audit.ADDITION)
    return answer(MovieOut.of(created, request), 201)


@router.put(
    "/{id}",
    auth=AdminToken(),
    response={200: Answer[MovieOut]},
    openapi_extra=problems("NOT_FOUND"),
)
def replace_movie(request: ApiRequest, id: PathId, movie: MovieIn) -> HttpResponse:
    """Replace a film: what isn't sent is emptied. Its slug stays, and what an answer doesn't tell:
    an uploaded poster, the archive, the year of a film without a `releaseDate`. Shows that are
    made already keep their times.
    """
    found = find_movie(id)
    with transaction.atomic():
        replaced = services.replace_movie(found, movie.facts(request, of=found))
        audit.record(by=request.auth, about=replaced, what="Replaced through the API.")
    return answer(MovieOut.of(replaced, request))


@router.delete(
    "/{id}",
    auth=AdminToken(),
    response={204: None},
    openapi_extra=problems("NOT_FOUND", "MOVIE_HAS_SHOWS"),
)
def delete_movie(request: ApiRequest, id: PathId) -> HttpResponse:
    """Delete a film that has no show."""
    movie = find_movie(id)
    with transaction.atomic():
        audit.record(by=request.auth, about=movie, what=DELETED, kind=audit.DELETION)
        services.delete_movie(movie)
    return HttpResponse(status=204)


def find_movie(pk: int) -> Movie:
    """The film with its genres. Raises ApiProblem."""
    movie = Movie.objects.prefetch_related("genres").filter(pk=pk).first()
    if movie is None:
        raise ApiProblem("NOT_FOUND", "There is no such film.")
    return movie
