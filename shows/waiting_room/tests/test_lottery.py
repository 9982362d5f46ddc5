"""The draw is a permutation, the same in Python and JavaScript, and independent of the arrival."""

import hashlib
import json
from pathlib import Path

import pytest

from shows.waiting_room.lottery import Draw
from tests.support.chi_square import independence

EXAMPLES = json.loads((Path(__file__).parent / "data" / "lottery.json").read_text())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example["size"]))
def test_the_examples_that_javascript_is_tested_with(example: dict[str, object]) -> None:
    draw = Draw(bytes.fromhex(str(example["seed"])), int(str(example["size"])))
    turns = example["turns"]
    assert isinstance(turns, dict)
    assert {number: draw.turn_of(int(number)) for number in turns} == turns


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 16, 17, 100, 1023, 5000])
def test_everybody_gets_one_turn(size: int) -> None:
    draw = Draw(b"s" * 32, size)
    assert sorted(map(draw.turn_of, range(1, size + 1))) == list(range(1, size + 1))


def test_what_is_not_in_the_draw_is_refused() -> None:
    for seed, size in ((b"short", 5), (b"s" * 32, 0)):
        with pytest.raises(ValueError, match="a draw needs"):
            Draw(seed, size)
    for number in (0, 6):
        with pytest.raises(ValueError, match="not in a draw"):
            Draw(b"s" * 32, 5).turn_of(number)


def test_the_seed_decides() -> None:
    first, second = (
        [Draw(seed * 32, 100).turn_of(number) for number in range(1, 101)] for seed in (b"1", b"2")
    )
    assert first != second


@pytest.mark.parametrize("people", [40, 2_000])
def test_turns_don_t_depend_on_the_arrival_in_many_draws(people: int) -> None:
    """Fixed seeds, so that the figure is the same in each run."""
    pairs = []
    for number in range(20_000 // people):
        draw = Draw(hashlib.sha256(f"{people} {number}".encode()).digest(), people)
        pairs += [(arrival, draw.turn_of(arrival)) for arrival in range(1, people + 1)]
    assert independence(pairs, people).p > 0.01


def test_the_measure_sees_an_order_that_depends_on_the_arrival() -> None:
    """The control: a line by arrival, and one in which every tenth person goes ahead."""
    people = 2_000
    by_arrival = [(arrival, arrival) for arrival in range(1, people + 1)]
    assert independence(by_arrival, people).p < 1e-9
    draw = Draw(b"s" * 32, people)
    slightly = [
        (arrival, draw.turn_of(arrival) if arrival % 5 else arrival)
        for arrival in range(1, people + 1)
    ]
    assert independence(slightly, people).p < 0.01
