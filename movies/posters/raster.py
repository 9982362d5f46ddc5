"""Drawn posters as pictures of pixels.

A browser lays out every SVG picture on the thread that answers the reader's taps, at each size
anew; a page of thirty posters kept a phone busy for seconds. A WebP is decoded beside that thread.
"""

import io
from collections.abc import Sequence

import resvg_py
from PIL import Image

from .drawing import draw_poster
from .sizes import WIDTHS

#: Flat ink and sharp edges: below this, edges fray.
QUALITY = 82


def print_poster(
    *, title: str, genres: Sequence[str], year: int | None, width: int = WIDTHS[-1]
) -> bytes:
    """The film's poster as a WebP, `width` pixels wide."""
    svg = draw_poster(title=title, genres=genres, year=year)
    pixels = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True))
    output = io.BytesIO()
    with Image.open(io.BytesIO(pixels)) as picture:
        picture.convert("RGB").save(output, "WEBP", quality=QUALITY, method=4)
    return output.getvalue()
