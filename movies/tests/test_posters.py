"""The poster maker: every title fits, can be read, and is drawn the same way each time."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from movies.posters import draw_backdrop, draw_poster

TITLES = [
    "X",
    "65",
    "Tár",
    "ʻOhana",
    "10 1⁄2",
    "Mission: Impossible – Dead Reckoning Part One",
    "The SpongeBob Movie: Sponge on the Run (Canadian theatrical release)",
    "<script>alert(1)</script> & 'more' \"quotes\"",
    "千と千尋の神隠し",
    "Bell\x07 and\x00 \ud800 escape\x1b",
    "",
]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("draw", [draw_poster, draw_backdrop])
def test_any_title_makes_well_formed_xml(title: str, draw: Callable[..., str]) -> None:
    svg = draw(title=title, genres=["Drama", "<b>"], year=2023)
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert "<script" not in svg
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", svg)


def test_a_film_keeps_its_poster() -> None:
    first = draw_poster(title="Dune", genres=["Drama", "Science Fiction"], year=2021)
    again = draw_poster(title="Dune", genres=["Science Fiction", "Drama"], year=2021)
    other = draw_poster(title="Dune", genres=["Drama", "Science Fiction"], year=1984)
    assert first == again
    assert first != other
