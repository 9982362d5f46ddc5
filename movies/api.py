"""API to write films. The API to read films needs shows, so it is in `shows.listings.api`."""

from django.http import HttpResponse
from ninja import Router

from accounts.authentication import AdminToken
from accounts.requests import ApiRequest
from bookmyshow.core.api.openapi import problems
from bookmyshow.core.api.responses import answer
from bookmyshow.core.api.schemas import Answer, PathId
from bookmyshow.core.errors import NotFound

from . import services
from .models import Movie
from .schemas import MovieIn, MovieOut

router = Router(tags=["Films"])
#: Texts for the audit log.
ADDED, DELETED = "Added through the API.", "Deleted through the API."
REPLACED = "Replaced through the API."


@router.post("", auth=AdminToken(), response={201: Answer[MovieOut]})
def create_movie(request: ApiRequest, movie: MovieIn) -> HttpResponse:
    """Add a film to the catalogue."""
    created = services.create_movie(movie.facts(request), by=request.auth, what=ADDED)
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
    facts = movie.facts(request, of=found)
    replaced = services.replace_movie(found, facts, by=request.auth, what=REPLACED)
    return answer(MovieOut.of(replaced, request))


@router.delete(
    "/{id}",
    auth=AdminToken(),
    response={204: None},
    openapi_extra=problems("NOT_FOUND", "MOVIE_HAS_SHOWS"),
)
def delete_movie(request: ApiRequest, id: PathId) -> HttpResponse:
    """Delete a film that has no show."""
    services.delete_movie(find_movie(id), by=request.auth, what=DELETED)
    return HttpResponse(status=204)


def find_movie(pk: int) -> Movie:
    """The film with its genres. Raises NotFound."""
    movie = Movie.objects.prefetch_related("genres").filter(pk=pk).first()
    if movie is None:
        raise NotFound("There is no such film.")
    return movie
