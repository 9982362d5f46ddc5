"""Drawn pictures over HTTP: drawn once, kept by the cache server, by proxies and by browsers."""

import hashlib
from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from .models import Movie
from .posters.edition import EDITION

KEPT_SECONDS = 7 * 24 * 3600
FOREVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=3600"


def art_response(
    request: HttpRequest,
    movie: Movie,
    draw: Callable[..., str | bytes],
    kind: str,
    content_type: str = "image/svg+xml; charset=utf-8",
) -> HttpResponse:
    """The picture `draw` makes of a film; an address with a version in it is good for ever."""
    genres = [genre.name for genre in movie.genres.all()]
    facts = "\n".join([EDITION, kind, movie.title, *genres, str(movie.release_year)])
    digest = hashlib.blake2b(facts.encode(), digest_size=12).hexdigest()
    etag = quote_etag(digest)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        picture = cache.get(f"art:{digest}")
        if picture is None:
            picture = draw(title=movie.title, genres=genres, year=movie.release_year)
            cache.set(f"art:{digest}", picture, KEPT_SECONDS)
        response = HttpResponse(picture, content_type=content_type)
        response["ETag"] = etag
    response["Cache-Control"] = FOREVER if "v" in request.GET else A_WHILE
    return response
