"""The pictures of an Apple pass, all from the site's own artwork."""

import io
from functools import cache

from django.conf import settings
from PIL import Image

from movies.models import Movie
from movies.posters.sizes import WIDTHS

ICON, LOGO = "icons/icon-512.png", "favicon.svg"
# The width in points of the icon (lock screen, mail) and the logo (top of the pass). Apple wants
# each for screens of one, two and three pixels a point.
ICON_POINTS, LOGO_POINTS = 29, 40
DENSITIES = (1, 2, 3)
#: The poster beside the title: 90 points high at most, so 60 wide.
THUMBNAIL_POINTS = 60


@cache
def brand_pictures() -> dict[str, bytes]:
    """The icon and the logo, by their names in the pass."""
    import resvg_py

    folder = settings.STATICFILES_DIRS[0]
    icon = Image.open(folder / ICON)
    logo = (folder / LOGO).read_text()
    found = {}
    for times in DENSITIES:
        found[_name("icon", times)] = _png(icon, ICON_POINTS * times)
        drawn = resvg_py.svg_to_bytes(
            svg_string=logo, width=LOGO_POINTS * times, skip_system_fonts=True
        )
        found[_name("logo", times)] = bytes(drawn)
    return found


def poster_pictures(movie: Movie) -> dict[str, bytes]:
    """The film's poster: the uploaded or the drawn one. None of a poster on another site, because
    a download must not wait for another server."""
    if movie.poster_url and not movie.poster_image:
        return {}
    try:
        poster = _poster(movie)
        return {
            _name("thumbnail", times): _png(poster, THUMBNAIL_POINTS * times) for times in (1, 2)
        }
    except OSError:
        # The uploaded file is away. The pass is complete without it.
        return {}


def _poster(movie: Movie) -> Image.Image:
    # Imported here, because commands and Celery workers load all URLs and never draw.
    from movies.posters.raster import draw_webp

    if movie.poster_image:
        with movie.poster_image.open() as file:
            return Image.open(io.BytesIO(file.read()))
    genres = [genre.name for genre in movie.genres.all()]
    drawn = draw_webp(title=movie.title, genres=genres, year=movie.release_year, width=WIDTHS[0])
    return Image.open(io.BytesIO(drawn))


def _png(picture: Image.Image, width: int) -> bytes:
    out = io.BytesIO()
    height = round(picture.height * width / picture.width)
    picture.convert("RGBA").resize((width, height), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _name(picture: str, times: int) -> str:
    return f"{picture}.png" if times == 1 else f"{picture}@{times}x.png"
