"""Parser of seating plans: from a screen's text to its seats.

One line is one row, front row first: the row's name, then its cells from left to right.

    A       ssss__ssssssss__ssss
    B       ssss__pppppppp__ssss

    C <     sss-ssss-wW
    D = 1,3,5,6,4,2   sss__sss

Cells: `s` standard, `p` premium, `w` wheelchair place (standard), `W` wheelchair place (premium),
`_` a gap as wide as a seat, `-` a gap of half a seat. Seats have the numbers 1, 2, 3 … from the
left. `<` counts from the right. `= 1,3,5` gives each seat's number. An empty line is a cross aisle.
`#` starts a comment.

Positions are in half seats: x grows by 2 for a seat or a gap and by 1 for a half gap, y by 2 for
each row or cross aisle.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

STANDARD, PREMIUM = "standard", "premium"
CELLS = {
    "s": (STANDARD, False),
    "p": (PREMIUM, False),
    "w": (STANDARD, True),
    "W": (PREMIUM, True),
}
# In half seats, as SEAT_PITCH and MAX_COLUMNS (the widest row).
GAPS = {"_": 2, "-": 1}
SEAT_PITCH = 2
MAX_SEATS = 2_500
MAX_COLUMNS = 240
ROW = re.compile(
    r"(?P<name>[^\s#<=]{1,4})\s+(?:(?P<right><)\s*|=\s*(?P<numbers>[^\s]+)\s+)?(?P<cells>\S+)"
)
LABEL_PART = re.compile(r"[^\W_][\w-]{0,5}")


class PlanError(ValueError):
    """The plan can't be read. `line` counts from 1; 0 means the whole plan. `message` says why."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"Line {line}: {message}" if line else message)
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class PlanSeat:
    """One seat of a plan; x and y count half seats from the top left."""

    row: str
    number: str
    seat_type: str
    is_wheelchair: bool
    x: int
    y: int

    @property
    def label(self) -> str:
        return seat_label(self.row, self.number)


def seat_label(row: str, number: str) -> str:
    """The seat's label on tickets: A1, AA12, or 11-1 if the row's name ends in a digit."""
    return f"{row}-{number}" if row[-1].isdigit() else f"{row}{number}"


def parse_plan(text: str) -> list[PlanSeat]:
    """The seats of a plan in plan order (front to back, left to right). Raises PlanError."""
    seats: list[PlanSeat] = []
    rows: dict[str, int] = {}
    lines = text.rstrip().splitlines()
    y = 0
    for count, line in enumerate(lines, 1):
        content = line.split("#", 1)[0].strip()
        # A line with only a comment is not an aisle.
        if not content and line.strip():
            continue
        if content:
            row = list(_parse_row(content, count, y))
            if row[0].row in rows:
                raise PlanError(
                    count, f"row {row[0].row} is there already (line {rows[row[0].row]})."
                )
            rows[row[0].row] = count
            seats += row
        if seats:
            y += SEAT_PITCH
    _check_whole(seats)
    return seats


def _parse_row(content: str, line: int, y: int) -> Iterator[PlanSeat]:
    match = ROW.fullmatch(content)
    if match is None:
        raise PlanError(
            line, "write the row's name, a space, and its cells, for example: A ssss__ssss"
        )
    if not LABEL_PART.fullmatch(match["name"]):
        raise PlanError(line, f"{match['name']!r} is not a row name; use letters and digits.")
    cells = match["cells"]
    unknown = sorted(set(cells) - CELLS.keys() - GAPS.keys())
    if unknown:
        raise PlanError(
            line, f"{unknown[0]!r} is not a cell; use s, p, w, W for seats and _ or - for gaps."
        )
    count = sum(cell in CELLS for cell in cells)
    if not count:
        raise PlanError(line, f"row {match['name']} has no seat.")
    numbers = _numbers(match, count, line)
    x = 0
    for cell in cells:
        if cell in GAPS:
            x += GAPS[cell]
            continue
        seat_type, is_wheelchair = CELLS[cell]
        yield PlanSeat(match["name"], next(numbers), seat_type, is_wheelchair, x, y)
        x += SEAT_PITCH
    if x > MAX_COLUMNS:
        raise PlanError(line, f"row {match['name']} is wider than {MAX_COLUMNS // 2} seats.")


def _numbers(match: re.Match[str], count: int, line: int) -> Iterator[str]:
    if not match["numbers"]:
        order = range(count, 0, -1) if match["right"] else range(1, count + 1)
        return iter([str(number) for number in order])
    numbers = [number.strip() for number in match["numbers"].split(",")]
    if len(numbers) != count:
        raise PlanError(
            line, f"row {match['name']} has {count} seats but {len(numbers)} numbers after =."
        )
    for number in numbers:
        if not LABEL_PART.fullmatch(number):
            raise PlanError(line, f"{number!r} is not a seat number; use letters and digits.")
    if len(set(numbers)) != count:
        raise PlanError(line, f"row {match['name']} has a number twice.")
    return iter(numbers)


def _check_whole(seats: list[PlanSeat]) -> None:
    if not seats:
        raise PlanError(0, "The plan has no seat; write a line such as: A ssss__ssss")
    if len(seats) > MAX_SEATS:
        raise PlanError(
            0, f"The plan has {len(seats)} seats; {MAX_SEATS} is the most a screen has."
        )
    labels: dict[str, PlanSeat] = {}
    for seat in seats:
        other = labels.setdefault(seat.label, seat)
        if other is not seat:
            raise PlanError(
                0, f"Rows {other.row} and {seat.row} both have a seat {seat.label}; rename a row."
            )
