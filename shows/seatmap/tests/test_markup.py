import json
import re
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest

from bookmyshow.environment import ROOT
from shows.booking_fee import ShownPrices
from shows.seating.plan import MAX_COLUMNS, parse_plan
from shows.seatmap.markup import (
    FREE,
    HELD,
    SOLD,
    MapSeat,
    draw_map,
    draw_seat,
    personalise,
    seat_names,
)

PRICES = ShownPrices(Decimal(250), Decimal(400), "INR", None)
NAMES = seat_names(replace(PRICES, premium=Decimal("380.50")))


def seat(label: str = "C7", *, state: str = FREE, **fields: object) -> MapSeat:
    values = {"row": "C", "number": "7", "seat_type": "standard", "is_wheelchair": False}
    values |= {"x": 12, "y": 4, "state": state} | fields
    return MapSeat(label=label, **values)  # type: ignore[arg-type]


def drawn(plan: str) -> str:
    seats = [
        MapSeat(p.label, p.row, p.number, p.seat_type, p.is_wheelchair, p.x, p.y, FREE)
        for p in parse_plan(plan)
    ]
    return draw_map(seats, version="v1", prices=PRICES)


def test_a_seat_is_a_checkbox_named_with_label_kind_and_price() -> None:
    assert 'aria-label="C7, ₹250"' in draw_seat(seat(), NAMES)
    premium = draw_seat(seat(seat_type="premium"), NAMES)
    assert 'aria-label="C7, premium, ₹380.50"' in premium
    assert 'id="s-C7" value="C7"' in premium
    assert "wheelchair place" in draw_seat(seat(is_wheelchair=True), NAMES)


def test_a_taken_seat_says_so_and_cannot_be_chosen() -> None:
    sold = draw_seat(seat(state=SOLD), NAMES, checked=True)
    assert 'aria-label="C7, taken"' in sold
    assert sold.endswith(" disabled>")
    assert 'aria-label="C7, taken for now"' in draw_seat(seat(state=HELD), NAMES)


def test_a_row_is_a_named_fieldset_and_an_aisle_is_a_gap() -> None:
    html = drawn("A ss\n\n\nB ss")
    assert "<legend>Row A</legend>" in html
    assert html.count("<fieldset") == 2
    assert html.count("<hr>") == 2


def test_names_of_seats_are_escaped() -> None:
    assert 'value="&quot;&gt;&amp;1"' in draw_seat(seat('">&1'), NAMES)


def test_the_drawing_of_two_thousand_seats_stays_small() -> None:
    html = drawn("\n".join(f"R{row} {'s' * 50}" for row in range(40)))
    assert len(html) / 2000 < 120


def test_the_map_names_each_kind_of_free_seat_for_those_that_become_free() -> None:
    def names(plan: str) -> object:
        (found,) = re.findall(r'data-names="([^"]*)"', drawn(plan))
        return json.loads(unescape(found))

    assert names("A ss") == {"": ", ₹250"}
    assert names("A sw\nE pW") == {
        "": ", ₹250",
        "wheelchair": ", wheelchair place, ₹250",
        "premium": ", premium, ₹400",
        "premium wheelchair": ", premium, wheelchair place, ₹400",
    }


def test_a_viewers_own_seats_are_free_to_them_and_others_stay_taken() -> None:
    html = draw_seat(seat("C7", state=HELD), NAMES) + draw_seat(seat("C8", state=SOLD), NAMES)
    laid, had = personalise(html, mine=[seat("C7")], chosen=["C7", "C8"], names=NAMES)
    own, other = re.findall("<input[^>]*>", laid)
    assert own.endswith(" checked>")
    assert "held for you" in own
    assert other.endswith(" disabled>")
    assert had == ["C7"]


def test_the_stylesheet_has_a_place_for_every_column_of_a_plan() -> None:
    css = (ROOT / "static/css/seatgrid.css").read_text()
    for column in (0, 1, MAX_COLUMNS):
        assert f".x{column}{{--x:{column}}}" in css
        assert f".w{column}{{--w:{column}}}" in css


@pytest.mark.parametrize(
    ("states", "line"),
    [
        ("FFFFff", "<b>4</b> of 4 seats free, 2 wheelchair places"),
        ("FFTTft", "<b>2</b> of 4 seats free, 1 wheelchair place"),
        ("FFTTtt", "<b>2</b> of 4 seats free"),
        ("FTTTtt", "The last seat is free."),
        ("TTTTff", "Every seat is taken. 2 wheelchair places free."),
        ("TTTTtt", "Every seat is taken."),
        ("TTTHtt", "Every seat is taken. Held ones may come back within minutes."),
    ],
)
def test_the_words_for_free_seats_leave_wheelchair_places_out(states: str, line: str) -> None:
    known = {"F": FREE, "T": SOLD, "H": HELD}
    seats = [
        seat(f"C{place}", state=known[letter.upper()], is_wheelchair=letter.islower(), x=2 * place)
        for place, letter in enumerate(states)
    ]
    html = draw_map(seats, version="v1", prices=PRICES)
    (said,) = re.findall('<p class="hall__free" id="hall-free"[^>]*>(.*?)</p>', html)
    assert said == line
    assert ("data-full" in html) == ("F" not in states.upper())


LETTERS = re.compile(r'<i class="([^"]+)" aria-hidden="true">(\w)</i>')


def test_each_block_of_a_row_has_the_rows_letter_at_both_ends() -> None:
    assert LETTERS.findall(drawn("A ____sss_ss__s\nB ssss____-ssssss")) == [
        ("x8 left", "A"),
        ("x14", "A"),
        ("x18 right", "A"),
        ("x24 left", "A"),
        ("x24 right", "A"),
        ("x0 left", "B"),
        ("x6 right", "B"),
        ("x17 left", "B"),
        ("x27 right", "B"),
    ]


def test_a_gap_of_half_a_seat_does_not_split_a_block() -> None:
    assert LETTERS.findall(drawn("A ss-ss")) == [("x0 left", "A"), ("x7 right", "A")]
