import random
from itertools import combinations

import pytest

from shows.seating.plan import parse_plan
from shows.seatmap.best_seats import (
    _free_runs,
    _single_seat_counter,
    best_seats,
    single_seats_left,
)
from shows.seatmap.markup import FREE, SOLD, MapSeat


def seats(plan: str, *, taken: str = "") -> list[MapSeat]:
    gone = set(taken.split())
    return [
        MapSeat(
            p.label, p.row, p.number, p.seat_type, p.is_wheelchair, p.x, p.y,
            SOLD if p.label in gone else FREE,
        )
        for p in parse_plan(plan)
    ]  # fmt: skip


SQUARE = "\n".join(f"{row} ssssssssss" for row in "ABCDEF")


def test_the_best_seats_are_in_the_middle_about_two_thirds_back() -> None:
    assert best_seats(seats(SQUARE), 2) == ["D5", "D6"]
    assert best_seats(seats(SQUARE), 4) == ["D4", "D5", "D6", "D7"]


@pytest.mark.parametrize("party", range(1, 11))
def test_a_party_sits_side_by_side_in_one_row(party: int) -> None:
    found = best_seats(seats(SQUARE, taken="D5 E5 C6"), party)
    assert len(found) == party
    assert len({label[0] for label in found}) == 1
    numbers = [int(label[1:]) for label in found]
    assert numbers == list(range(numbers[0], numbers[0] + party))


def test_an_aisle_splits_a_row() -> None:
    assert best_seats(seats("A ss_ss"), 3) == []
    assert best_seats(seats("A ss-ss\nB sss"), 3) == ["B1", "B2", "B3"]


def test_no_choice_leaves_one_seat_alone_while_another_fits() -> None:
    # The middle pair of four would leave a seat on either side.
    assert best_seats(seats("A ssss"), 2) in (["A1", "A2"], ["A3", "A4"])
    assert best_seats(seats("A sss\nB ss"), 2) == ["B1", "B2"]


def test_the_short_count_of_single_seats_is_that_of_a_look_at_the_run() -> None:
    chance = random.Random(7)
    for _ in range(30):
        row = "".join(chance.choice("sssssw_") for _ in range(14)).strip("_")
        drawn = seats(f"A {row}")
        count = _single_seat_counter(drawn)
        for run in _free_runs(drawn, with_places=True):
            for start, end in combinations(range(len(run) + 1), 2):
                window = run[start:end]
                ordinary = next((seat for seat in window if not seat.is_wheelchair), None)
                own = next((r for r in _free_runs(drawn) if ordinary in r), [])
                left = single_seats_left(own, {seat.label for seat in window})
                assert count(window) == len(left), (row, window)


def test_where_nothing_else_fits_a_seat_may_be_left_alone() -> None:
    assert len(best_seats(seats("A sss"), 2)) == 2


def test_wheelchair_places_are_left_to_those_who_need_them() -> None:
    assert best_seats(seats("A wssw"), 2) == ["A2", "A3"]
    assert best_seats(seats("A ww"), 1) == []


def test_a_party_that_asks_for_a_kind_gets_only_that_kind() -> None:
    plan = "A ssssss\nB ssspps\nC pppppp"
    assert best_seats(seats(plan), 2, "standard") == ["A3", "A4"]
    assert best_seats(seats(plan), 2, "premium") == ["C3", "C4"]
    assert best_seats(seats("A ssp"), 3, "standard") == []
    assert best_seats(seats("A ssp"), 2, "premium") == []


def test_a_wheelchair_place_comes_with_the_others_beside_it() -> None:
    plan = "A ssssss\nB wsssww\nC ssssss"
    assert best_seats(seats(plan), 2, "wheelchair") == ["B4", "B5"]
    assert best_seats(seats(plan, taken="B4"), 2, "wheelchair") == ["B1", "B2"]
    assert best_seats(seats(plan), 1, "wheelchair") in (["B1"], ["B5"], ["B6"])
    # If no ordinary seat is beside it, the companion gets the second wheelchair place.
    assert best_seats(seats("A ssss\nB ww_ss"), 2, "wheelchair") == ["B1", "B2"]
    assert best_seats(seats("A ssss\nB ww_ss"), 3, "wheelchair") == []
    assert best_seats(seats("A ssss"), 1, "wheelchair") == []


def test_a_full_hall_has_no_best_seats() -> None:
    assert best_seats(seats("A ss", taken="A1 A2"), 1) == []
    assert best_seats([], 2) == []
    assert best_seats(seats("A ss"), 0) == []


@pytest.mark.parametrize(
    ("chosen", "alone"),
    [
        (["A2"], ["A1"]),
        (["A1", "A2"], []),
        (["A3"], []),
        (["A1", "A3"], ["A2"]),
        (["A1", "A2", "A3", "A4"], ["A5"]),
        (["A2", "A4"], ["A1", "A3", "A5"]),
        ([], []),
    ],
)
def test_a_seat_left_between_taken_ones_is_alone(chosen: list[str], alone: list[str]) -> None:
    assert single_seats_left(seats("A sssss"), chosen) == alone


def test_a_seat_that_was_alone_before_is_not_reported() -> None:
    assert single_seats_left(seats("A ssss", taken="A2"), ["A3"]) == ["A4"]
