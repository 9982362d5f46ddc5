"""Drawn pictures over HTTP: drawn once, kept by the cache server, by proxies and by browsers."""

import hashlib
from collections.abc import Callable

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from movies.models import Movie

from .drawing import draw_backdrop, draw_poster
from .edition import EDITION
from .raster import PRINTS
from .share_card import draw_card

KEPT_SECONDS = 7 * 24 * 3600
FOREVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=3600"


@require_safe
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    """The poster drawn for a film (movies.posters.drawing)."""
    return _picture(request, _film_for_art(slug), draw_poster, "poster")


@require_safe
def poster_print(request: HttpRequest, slug: str, width: int) -> HttpResponse:
    """The same poster in pixels, in the few widths that pages ask for."""
    if width not in PRINTS:
        raise Http404
    return _picture(request, _film_for_art(slug), PRINTS[width], f"print-{width}", "image/webp")


@require_safe
def backdrop(request: HttpRequest, slug: str) -> HttpResponse:
    """The wide picture behind a film's title."""
    return _picture(request, _film_for_art(slug), draw_backdrop, "backdrop")


@require_safe
def card(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture that a shared link shows."""
    return _picture(request, _film_for_art(slug), draw_card, "card", "image/png")


def _film_for_art(slug: str) -> Movie:
    return get_object_or_404(Movie.objects.prefetch_related("genres"), slug=slug)


def _picture(
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
