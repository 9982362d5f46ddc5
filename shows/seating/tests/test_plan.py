import pytest

from shows.seating.plan import MAX_COLUMNS, MAX_SEATS, PlanError, PlanSeat, parse_plan


def labels(text: str) -> list[str]:
    return [seat.label for seat in parse_plan(text)]


def places(text: str) -> dict[str, tuple[int, int]]:
    return {seat.label: (seat.x, seat.y) for seat in parse_plan(text)}


def error(text: str) -> PlanError:
    with pytest.raises(PlanError) as raised:
        parse_plan(text)
    return raised.value


def test_each_cell_is_a_seat_of_its_kind() -> None:
    assert parse_plan("A spwW") == [
        PlanSeat("A", "1", "standard", False, 0, 0),
        PlanSeat("A", "2", "premium", False, 2, 0),
        PlanSeat("A", "3", "standard", True, 4, 0),
        PlanSeat("A", "4", "premium", True, 6, 0),
    ]


def test_gaps_take_room_and_no_number() -> None:
    assert places("A _s_s-s") == {"A1": (2, 0), "A2": (6, 0), "A3": (9, 0)}


def test_a_row_can_be_numbered_from_the_right() -> None:
    assert labels("A < sss") == ["A3", "A2", "A1"]
    assert labels("A <sss") == ["A3", "A2", "A1"]


def test_a_row_can_name_its_numbers() -> None:
    assert labels("A = 5,3,1,2,4,6  sss__sss") == ["A5", "A3", "A1", "A2", "A4", "A6"]
    assert labels("A = 12A,12B ss") == ["A12A", "A12B"]


def test_an_empty_line_is_a_cross_aisle_and_a_comment_is_ignored() -> None:
    text = "\n# the stalls\n\nA s   # first\n# nothing\nB s\n\nC s\n\n\n"

    assert places(text) == {"A1": (0, 0), "B1": (0, 2), "C1": (0, 6)}


def test_rows_go_past_z_and_may_be_numbers() -> None:
    assert labels("Z s\nAA ss\n11 ss") == ["Z1", "AA1", "AA2", "11-1", "11-2"]


def test_seats_are_in_plan_order_front_to_back_and_left_to_right() -> None:
    assert labels("B < ss\nA ss") == ["B2", "B1", "A1", "A2"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_any_editor_ends_them(line_end: str) -> None:
    assert labels(line_end.join(["A s", "B s"])) == ["A1", "B1"]


def test_the_largest_hall_is_read() -> None:
    rows = [f"R{row} {'s' * 50}" for row in range(MAX_SEATS // 50)]

    assert len(parse_plan("\n".join(rows))) == MAX_SEATS


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "The plan has no seat"),
        ("\n# only a comment\n", 0, "The plan has no seat"),
        ("A ss\nB", 2, "write the row's name, a space, and its cells"),
        ("A ss\n\nC ss ss", 3, "write the row's name, a space, and its cells"),
        ("STALLS ss", 1, "write the row's name, a space, and its cells"),
        ("A ss\nB sxs", 2, "'x' is not a cell"),
        ("A S", 1, "'S' is not a cell"),
        ("A __-", 1, "row A has no seat"),
        ("A ss\nB s\nA s", 3, "row A is there already (line 1)"),
        ("A = 1,2 sss", 1, "row A has 3 seats but 2 numbers"),
        ("A = 1,1 ss", 1, "row A has a number twice"),
        ("A = 1,? ss", 1, "'?' is not a seat number"),
        ("A = 1,1234567 ss", 1, "'1234567' is not a seat number"),
        (f"A {'s' * (MAX_COLUMNS // 2 + 1)}", 1, "row A is wider than 120 seats"),
        (f"A {'_' * (MAX_COLUMNS // 2)}s", 1, "row A is wider than 120 seats"),
        ("A = B1 s\nAB s", 0, "Rows A and AB both have a seat AB1"),
        (
            "\n".join(f"R{row} {'s' * 51}" for row in range(50)),
            0,
            "The plan has 2550 seats; 2500 is the most",
        ),
    ],
)
def test_an_unreadable_plan_names_the_line_and_the_reason(
    text: str, line: int, message: str
) -> None:
    refusal = error(text)

    assert refusal.line == line
    assert refusal.message.startswith(message)
    assert str(refusal).startswith(f"Line {line}: {message}" if line else message)


@pytest.mark.parametrize("text", ["A\0 s", "\ud800 s", "A s\0", "A\N{RIGHT-TO-LEFT OVERRIDE} s"])
def test_unusual_characters_in_names_are_refused(text: str) -> None:
    error(text)
