"""Renders drawn posters as WebP.

Browsers render SVG on the main thread, which also handles taps, and they do it again for each size.
A page with thirty SVG posters blocked a phone for seconds. WebP is decoded in another thread.
"""

import io
from collections.abc import Sequence

import resvg_py
from PIL import Image

from .drawing import draw_poster
from .sizes import WIDTHS

#: WebP quality. With a lower one, the sharp edges of the flat areas are blurred.
QUALITY = 82


def draw_webp(
    *, title: str, genres: Sequence[str], year: int | None, width: int = WIDTHS[-1]
) -> bytes:
    """The film's poster as a WebP, `width` pixels wide."""
    svg = draw_poster(title=title, genres=genres, year=year)
    pixels = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True))
    output = io.BytesIO()
    with Image.open(io.BytesIO(pixels)) as picture:
        picture.convert("RGB").save(output, "WEBP", quality=QUALITY, method=4)
    return output.getvalue()
