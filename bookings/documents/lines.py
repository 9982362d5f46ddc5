"""The lines of a document as people read them: seats of one price are one row."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. Amounts are in the currency's minor unit."""

    text: str
    code: str
    quantity: int
    unit: int
    basis_points: int
    net: int
    tax: int
    gross: int


def rows_of(lines: Iterable[dict[str, Any]]) -> list[Row]:
    """Seats of one price and rate as one row with all their labels; other lines as they are."""
    groups: dict[object, list[dict[str, Any]]] = {}
    for line in lines:
        same = (line["kind"], line["unit"], line["basis_points"], line["code"])
        key: object = same if line["seat"] else (same, line["line"])
        groups.setdefault(key, []).append(line)
    return [_row(group) for group in groups.values()]


def _row(group: list[dict[str, Any]]) -> Row:
    first = group[0]
    seats = [line["seat"] for line in group if line["seat"]]
    text = first["text"]
    if seats:
        text = f"Seat{'s' if len(seats) > 1 else ''} {', '.join(seats)}"
    return Row(
        text=text,
        code=first["code"],
        quantity=sum(line["quantity"] for line in group),
        unit=first["unit"],
        basis_points=first["basis_points"],
        net=sum(line["net"] for line in group),
        tax=sum(line["tax"] for line in group),
        gross=sum(line["gross"] for line in group),
    )
