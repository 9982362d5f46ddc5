"""The preview picture of a shared link, as PNG, because social networks don't accept SVG."""

from base64 import b64encode
from collections.abc import Sequence

import resvg_py

from .drawing import draw_backdrop, draw_poster

WIDTH, HEIGHT = 1200, 630
POSTER_WIDTH, POSTER_HEIGHT = 364, 546
MARGIN = 42


def draw_card(*, title: str, genres: Sequence[str], year: int | None) -> bytes:
    """The film's poster in front of its backdrop: a PNG of 1200 × 630 pixels."""
    backdrop = _picture(draw_backdrop(title=title, genres=genres, year=year))
    poster = _picture(draw_poster(title=title, genres=genres, year=year))
    tall = HEIGHT + 60
    card = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
        '<defs><linearGradient id="dusk"><stop stop-color="#0e0b12" stop-opacity=".92"/>'
        '<stop offset="1" stop-color="#0e0b12" stop-opacity=".1"/></linearGradient></defs>'
        f'<image y="-30" width="{WIDTH}" height="{tall}" preserveAspectRatio="xMidYMid slice"'
        f' href="{backdrop}"/>'
        f'<path fill="url(#dusk)" d="M0 0h{WIDTH}v{HEIGHT}H0z"/>'
        f'<image x="{MARGIN * 2}" y="{MARGIN}" width="{POSTER_WIDTH}" height="{POSTER_HEIGHT}"'
        f' href="{poster}"/></svg>'
    )
    return bytes(resvg_py.svg_to_bytes(svg_string=card, skip_system_fonts=True))


def _picture(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
