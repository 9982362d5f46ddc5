"""Serves drawn pictures. The cache server keeps them for a week; browsers and proxies cache too."""

import hashlib
from collections.abc import Sequence

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from movies.models import Movie

from .poster_version import POSTER_VERSION
from .sizes import WIDTHS

CACHE_SECONDS = 7 * 24 * 3600
FOREVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=3600"
SVG, WEBP, PNG = "image/svg+xml; charset=utf-8", "image/webp", "image/png"


@require_safe
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    """The film's poster as SVG (movies.posters.drawing)."""
    return _picture(request, slug, "poster", SVG)


@require_safe
def poster_webp(request: HttpRequest, slug: str, width: int) -> HttpResponse:
    """The film's poster as WebP. 404 if the width is not one of movies.posters.sizes."""
    if width not in WIDTHS:
        raise Http404
    return _picture(request, slug, f"print-{width}", WEBP)


@require_safe
def backdrop(request: HttpRequest, slug: str) -> HttpResponse:
    """The wide picture behind the title on a film's page."""
    return _picture(request, slug, "backdrop", SVG)


@require_safe
def card(request: HttpRequest, slug: str) -> HttpResponse:
    """The preview picture of a shared link to the film."""
    return _picture(request, slug, "card", PNG)


def _picture(request: HttpRequest, slug: str, kind: str, content_type: str) -> HttpResponse:
    """Answer with the film's picture, from the cache if it is there.

    Browsers may keep the picture for a year if the address has a version (`?v=`), else for an
    hour.
    """
    films = Movie.objects.only("title", "release_year").prefetch_related("genres")
    movie = get_object_or_404(films, slug=slug)
    genres = [genre.name for genre in movie.genres.all()]
    facts = "\n".join([POSTER_VERSION, kind, movie.title, *genres, str(movie.release_year)])
    digest = hashlib.blake2b(facts.encode(), digest_size=12).hexdigest()
    etag = quote_etag(digest)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        picture = cache.get(f"art:{digest}")
        if picture is None:
            picture = _draw(kind, movie.title, genres, movie.release_year)
            cache.set(f"art:{digest}", picture, CACHE_SECONDS)
        response = HttpResponse(picture, content_type=content_type)
        response["ETag"] = etag
    response["Cache-Control"] = FOREVER if "v" in request.GET else A_WHILE
    return response


def _draw(kind: str, title: str, genres: Sequence[str], year: int | None) -> str | bytes:
    """Draw one kind of picture of a film. Raises ValueError for an unknown kind.

    The drawing code is imported here and not above, because commands and Celery workers import this
    module (with all URLs of the site) and never draw.
    """
    from . import drawing, raster, share_card

    match kind.split("-"):
        case ["poster"]:
            return drawing.draw_poster(title=title, genres=genres, year=year)
        case ["backdrop"]:
            return drawing.draw_backdrop(title=title, genres=genres, year=year)
        case ["card"]:
            return share_card.draw_card(title=title, genres=genres, year=year)
        case ["print", width]:
            return raster.draw_webp(title=title, genres=genres, year=year, width=int(width))
    raise ValueError(f"there is no picture called {kind}")
