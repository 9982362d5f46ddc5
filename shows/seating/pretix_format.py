"""Converts seating plans in pretix's open JSON format to our text (`plan.py`).

In the file, positions are pixels, relative to zone and row. In our text, they are half seats in
straight rows. The import keeps the order of the rows, the order of the seats in a row, and the
distances between seats, rounded to half a seat. Curved and slanted rows become straight. If a seat
can't be converted, PlanImportError names its place in the file.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import hypot
from statistics import mean, median
from typing import Any

from .plan import LABEL_PART, PlanError, parse_plan, seat_label

#: The seat types that staff can choose for a category: the cell in our text, and its name.
KINDS = {
    "s": "Standard",
    "p": "Premium",
    "w": "Wheelchair place (standard)",
    "W": "Wheelchair place (premium)",
}
HALF_GAPS_IN_SEAT = 2
# There is an aisle between two rows if their distance is at least this many times the median.
AISLE = 1.5
MAX_AISLES = 4
# Two parts with the same row name are one row if their y values differ by at most this share of the
# median distance between rows.
LEVEL = 0.6


class PlanImportError(ValueError):
    """The plan can't be converted. `place` is where in the file, `message` says why."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place
        self.message = message


@dataclass(frozen=True, slots=True)
class _Seat:
    place: str
    row: str
    number: str
    category: str
    x: float
    y: float


@dataclass(slots=True)
class _Row:
    name: str
    seats: list[_Seat]

    @property
    def y(self) -> float:
        return mean(seat.y for seat in self.seats)


def categories(data: Any) -> list[str]:
    """The names of the plan's categories; staff choose a seat type for each. Raises
    PlanImportError."""
    listed = _get(data, "categories", list, "")
    return [_get(item, "name", str, f"categories[{n}]") for n, item in enumerate(listed)]


def plan_text(data: Any, kinds: Mapping[str, str]) -> str:
    """The plan as our text. `kinds` has a key of KINDS for each category.

    Raises PlanImportError.
    """
    seats = list(_seats(data))
    if not seats:
        raise PlanImportError("zones", "the plan has no seats.")
    _refuse_unusable_seats(seats, kinds)
    rows = _rows(seats)
    pitch = _seat_pitch(rows)
    columns = {row.name: _columns(row, pitch) for row in rows}
    left = min(min(places) for places in columns.values())
    lines = []
    for row, aisles in zip(rows, _aisles_before(rows), strict=True):
        places = [place - left for place in columns[row.name]]
        lines += [""] * aisles
        lines.append(_line(row, places, kinds))
    text = "\n".join(lines)
    _check(text, seats)
    return text


def _get(data: Any, key: str, kind: Any, place: str) -> Any:
    """A required value. Raises PlanImportError if it is missing or has another type."""
    where = f"{place}.{key}" if place else key
    if not isinstance(data, dict) or key not in data:
        raise PlanImportError(where, "is missing.")
    value = data[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise PlanImportError(where, "is not what the format says.")
    return value


def _position(data: Any, place: str, *, needed: bool = True) -> tuple[float, float]:
    if not needed and (not isinstance(data, dict) or data.get("position") is None):
        return 0.0, 0.0
    position = _get(data, "position", dict, place)
    x, y = (_get(position, axis, (int, float), f"{place}.position") for axis in ("x", "y"))
    if not (abs(x) < 1e6 and abs(y) < 1e6):
        raise PlanImportError(f"{place}.position", "is out of reach.")
    return float(x), float(y)


def _seats(data: Any) -> Iterator[_Seat]:
    for z, zone in enumerate(_get(data, "zones", list, "")):
        at = f"zones[{z}]"
        zone_x, zone_y = _position(zone, at)
        for r, row in enumerate(_get(zone, "rows", list, at)):
            row_at = f"{at}.rows[{r}]"
            row_x, row_y = _position(row, row_at, needed=False)
            name = _get(row, "row_number", str, row_at).strip()
            for s, seat in enumerate(_get(row, "seats", list, row_at)):
                place = f"{row_at}.seats[{s}]"
                x, y = _position(seat, place)
                yield _Seat(
                    place,
                    name,
                    _get(seat, "seat_number", str, place).strip(),
                    _get(seat, "category", str, place),
                    zone_x + row_x + x,
                    zone_y + row_y + y,
                )


def _refuse_unusable_seats(seats: list[_Seat], kinds: Mapping[str, str]) -> None:
    labels: dict[str, _Seat] = {}
    for seat in seats:
        if kinds.get(seat.category) not in KINDS:
            raise PlanImportError(
                seat.place, f"the category {seat.category!r} has no seat type chosen for it."
            )
        if not LABEL_PART.fullmatch(seat.row) or len(seat.row) > 4:
            raise PlanImportError(
                seat.place, f"row {seat.row!r} is not a row name; use up to 4 letters or digits."
            )
        if not LABEL_PART.fullmatch(seat.number):
            raise PlanImportError(seat.place, f"{seat.number!r} is not a seat number.")
        label = seat_label(seat.row, seat.number)
        other = labels.setdefault(label, seat)
        if other is not seat:
            raise PlanImportError(seat.place, f"seat {label} is there already, at {other.place}.")


def _rows(seats: list[_Seat]) -> list[_Row]:
    """The rows from front to back, the seats of each from left to right.

    Raises PlanImportError if the parts of a row are not beside each other.
    """
    by_name: dict[str, list[_Seat]] = {}
    for seat in seats:
        by_name.setdefault(seat.row, []).append(seat)
    rows = [_Row(name, sorted(found, key=lambda s: (s.x, s.y))) for name, found in by_name.items()]
    rows.sort(key=lambda row: row.y)
    pitch = _row_pitch(rows)
    for row in rows:
        _refuse_row_in_two_places(row, pitch)
    return rows


def _refuse_row_in_two_places(row: _Row, pitch: float) -> None:
    parts: dict[str, list[_Seat]] = {}
    for seat in row.seats:
        parts.setdefault(seat.place.rsplit(".", 1)[0], []).append(seat)
    first, *others = parts.values()
    for part in others:
        if abs(mean(s.y for s in part) - mean(s.y for s in first)) > LEVEL * pitch:
            raise PlanImportError(
                part[0].place, f"row {row.name} is in two places; give one another name."
            )


def _row_pitch(rows: list[_Row]) -> float:
    steps = [after.y - before.y for before, after in itertools.pairwise(rows)]
    return median(steps) if steps and median(steps) > 0 else 1.0


def _seat_pitch(rows: list[_Row]) -> float:
    """The distance of two seats without a gap: the median of all distances between neighbours."""
    steps = [step for row in rows for step in _steps(row)]
    usual = median(steps) if steps else 1.0
    if usual <= 0:
        raise PlanImportError(rows[0].seats[0].place, "most seats lie on top of one another.")
    return usual


def _steps(row: _Row) -> list[float]:
    pairs = zip(row.seats, row.seats[1:], strict=False)
    return [hypot(after.x - before.x, after.y - before.y) for before, after in pairs]


def _columns(row: _Row, pitch: float) -> list[int]:
    """The left edge of each seat, in half seats. The row's middle stays as in the file."""
    at, places = 0, [0]
    for step in _steps(row):
        at += max(HALF_GAPS_IN_SEAT, round(HALF_GAPS_IN_SEAT * step / pitch))
        places.append(at)
    middle = (row.seats[0].x + row.seats[-1].x) / 2
    shift = round(HALF_GAPS_IN_SEAT * middle / pitch - at / 2)
    return [place + shift for place in places]


def _aisles_before(rows: list[_Row]) -> list[int]:
    """How many cross aisles are before each row."""
    pitch = _row_pitch(rows)
    aisles = [0]
    for before, after in itertools.pairwise(rows):
        step = (after.y - before.y) / pitch
        aisles.append(min(round(step) - 1, MAX_AISLES) if step >= AISLE else 0)
    return aisles


def _line(row: _Row, places: list[int], kinds: Mapping[str, str]) -> str:
    cells, at = "", 0
    for seat, place in zip(row.seats, places, strict=True):
        gap = place - at
        cells += "_" * (gap // HALF_GAPS_IN_SEAT) + "-" * (gap % HALF_GAPS_IN_SEAT)
        cells += kinds[seat.category]
        at = place + HALF_GAPS_IN_SEAT
    return f"{row.name} {_numbering(row)}{cells}"


def _numbering(row: _Row) -> str:
    numbers = [seat.number for seat in row.seats]
    upwards = [str(number) for number in range(1, len(numbers) + 1)]
    if numbers == upwards:
        return ""
    return "< " if numbers == upwards[::-1] else f"= {','.join(numbers)} "


def _check(text: str, seats: list[_Seat]) -> None:
    """Parse the new text and compare its seats with those of the file.

    Raises PlanImportError if the text is not a valid plan, RuntimeError if a seat was lost.
    """
    try:
        read = Counter(seat.label for seat in parse_plan(text))
    except PlanError as error:
        raise PlanImportError("", error.message) from error
    if read != Counter(seat_label(seat.row, seat.number) for seat in seats):
        raise RuntimeError("a seat was lost between the file and the plan")
