"""Drawn posters: every title fits and is legible, and a film always gets the same poster."""

import json
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from movies.posters.drawing import draw_backdrop, draw_poster
from movies.posters.drawing.design import design
from movies.posters.drawing.families import FAMILIES
from movies.posters.drawing.genres import ANY, COMPOSITIONS
from movies.posters.drawing.inks import LEGIBLE, PALETTES, contrast
from movies.posters.drawing.layout import HEIGHT, MARGIN, WIDTH
from movies.posters.drawing.poster import lay_out
from movies.posters.drawing.typeface import settable

ODD_TITLES = [
    "X",
    "I",
    "W",
    "65",
    "Tár",
    "ʻOhana",
    "10 1⁄2",
    "They/Them",
    "Meg 2: The Trench",
    "Mission: Impossible – Dead Reckoning Part One",
    "The SpongeBob Movie: Sponge on the Run (Canadian theatrical release)",
    "Superintelligence",
    "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch",
    "of the the of the of",
    "a" * 70,
    "???",
    "…",
    "Żółć i Ångström",
    "<script>alert(1)</script> & 'more' \"quotes\"",
]
UNSETTABLE_TITLES = ["千と千尋の神隠し", "Сталкер", "שלום", "🎬", "", " ", "\x00"]


def catalogue_titles() -> list[str]:
    """A thousand real titles if the catalogue file is beside the checkout, otherwise ODD_TITLES."""
    for folder in Path(__file__).resolve().parents:
        catalogue = folder / "shared" / "data" / "movies-2020s.json"
        if catalogue.exists():
            return [film["title"] for film in json.loads(catalogue.read_text(encoding="utf-8"))]
    return ODD_TITLES


def assert_title_fits(title: str, genres: list[str], year: int) -> None:
    sheet = lay_out(design(title, genres, year), "2023 · Drama · Science Fiction")
    box, stage = sheet.layout.title_box, sheet.layout.stage
    slack = 1.0
    assert box.left >= MARGIN - slack, title
    assert box.top >= MARGIN - slack or sheet.layout.kind == "plate", title
    assert box.right <= WIDTH - MARGIN + slack, title
    assert box.bottom <= HEIGHT - MARGIN + slack or sheet.layout.kind == "plate", title
    if sheet.layout.plate:
        assert sheet.layout.plate.top <= box.top <= box.bottom <= sheet.layout.plate.bottom, title
        assert sheet.layout.plate.left <= box.left <= box.right <= sheet.layout.plate.right, title
    else:
        clear = {
            "below": box.top > stage.bottom,
            "above": box.bottom < stage.top,
            "left": box.right < stage.left,
            "right": box.left > stage.right,
        }
        assert clear[sheet.layout.kind], title
    assert contrast(sheet.ink, sheet.field) >= LEGIBLE, title


@pytest.mark.parametrize("title", ODD_TITLES)
def test_an_odd_title_is_legible_and_inside_the_poster_and_beside_the_composition(
    title: str,
) -> None:
    for year in range(1975, 1990):
        assert_title_fits(title, ["Drama", "Science Fiction", "Musical"], year)


def test_every_title_of_a_real_catalogue_fits() -> None:
    for title in catalogue_titles():
        assert_title_fits(title, ["Comedy", "Thriller"], 2023)


@pytest.mark.parametrize("title", [*ODD_TITLES, *UNSETTABLE_TITLES, "Bell\x07 and\x00 \ud800\x1b"])
@pytest.mark.parametrize("draw", [draw_poster, draw_backdrop])
def test_any_title_makes_well_formed_xml(title: str, draw: Callable[..., str]) -> None:
    svg = draw(title=title, genres=["Drama", "<b>", ""], year=None)
    root = ElementTree.fromstring(svg.encode("utf-8"))
    assert root.get("role") == "img"
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "<script" not in svg
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", svg)


@pytest.mark.parametrize(
    "title", ["千と千尋の神隠し", "Сталкер", "שלום", "दिलवाले दुल्हनिया ले जायेंगे", "兎"]
)
def test_titles_with_letters_that_the_typeface_lacks_use_a_system_font(title: str) -> None:
    root = ElementTree.fromstring(draw_poster(title=title, genres=["Drama"], year=1979))
    lines = root.findall(".//{http://www.w3.org/2000/svg}text")
    assert " ".join(line.text or "" for line in lines).replace(" ", "") == title.replace(" ", "")
    assert len(lines) > 1 or len(title) < 12
    for line in lines:
        assert MARGIN + float(line.attrib["textLength"]) <= WIDTH - MARGIN + 1


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("ʻOhana", "‘Ohana"),
        ("10 1⁄2", "10½"),
        ("Ocean’s 11", "Ocean’s 11"),
        ("Ｗide", "Wide"),
        ("Amélie ♥", "Amélie"),
        ("Ǆungla", "DŽungla"),
    ],
)
def test_single_letters_that_the_typeface_lacks_are_replaced_or_left_out(
    title: str, expected: str
) -> None:
    assert settable(title) == expected


def test_the_order_of_the_genres_does_not_change_the_poster() -> None:
    first = draw_poster(title="Dune", genres=["Drama", "Science Fiction"], year=2021)
    again = draw_poster(title="Dune", genres=["Science Fiction", "Drama"], year=2021)
    other = draw_poster(title="Dune", genres=["Drama", "Science Fiction"], year=1984)
    assert first == again
    assert first != other


def test_every_ink_has_a_legible_partner_and_all_inks_can_be_told_apart() -> None:
    for palette in PALETTES:
        for field in palette.inks:
            assert max(contrast(field, ink) for ink in palette.inks) >= LEGIBLE, palette.name
        for one, other in combinations(palette.inks, 2):
            assert contrast(one, other) >= 1.3, palette.name


def test_genres_name_existing_families_and_every_family_is_named() -> None:
    called = {family for families in COMPOSITIONS.values() for family in families}
    assert called | set(ANY) == set(FAMILIES)
    assert len(FAMILIES) >= 10


@pytest.mark.parametrize("genre", sorted(COMPOSITIONS))
def test_a_genre_has_a_choice_of_families(genre: str) -> None:
    families = {design(f"Film {number}", [genre], 2000).family for number in range(120)}
    assert len(families) >= 3


def test_films_of_no_known_genre_get_many_families() -> None:
    for genres in ([], ["Mockumentary"]):
        assert len({design(f"Film {n}", genres, None).family for n in range(300)}) >= 10


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_family_draws_each_film_differently(family: str) -> None:
    drawn = set()
    for number in range(12):
        plan = design(f"Film {number}", [], 2000)
        canvas = plan.compose(600, 560)
        FAMILIES[family](canvas)
        drawn.add(re.sub(r"#[0-9a-f]{6}", "", "".join(canvas.parts)))
    assert len(drawn) == 12


def test_posters_are_small_enough_for_a_page_with_thirty() -> None:
    sizes = [
        len(draw_poster(title=title, genres=["Drama"], year=year).encode())
        for title in ODD_TITLES[:12]
        for year in range(2000, 2010)
    ]
    assert sum(sizes) / len(sizes) < 14_000
    assert max(sizes) < 40_000


def test_a_biography_does_not_get_a_frivolous_composition() -> None:
    for number in range(200):
        family = design(f"A Life {number}", ["Biography", "Comedy", "Horror"], 2020).family
        assert family not in ("teeth", "face", "spectacles", "balloon")
