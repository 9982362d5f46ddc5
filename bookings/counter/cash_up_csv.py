"""The cash-up as CSV: one line for each clerk, day and currency, in major units."""

import csv
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bookmyshow.core.currencies import from_minor
from bookmyshow.core.staff.csv_export import plain_text
from shows.models import Cinema

from .cash_up import WAYS, Drawer

HEADS = (
    *("day", "cinema", "city", "clerk", "email", "currency"),
    *(f"{way}_taken" for way in WAYS),
    *(f"{way}_handed_back" for way in WAYS),
    *("float", "cash_expected", "cash_counted", "difference"),
    *("counted_at", "counted_by", "note"),
)


def write_csv(out: Any, cinema: Cinema, drawers: Iterable[Drawer]) -> None:
    """Write the lines to `out`, which has `write`. What was not counted has empty cells."""
    out.write("\ufeff")  # Spreadsheets recognise UTF-8 by this byte order mark.
    writer = csv.writer(out)
    writer.writerow(HEADS)
    for drawer in drawers:
        writer.writerow(_cells(cinema, drawer))


def _cells(cinema: Cinema, drawer: Drawer) -> list[object]:
    def money(minor: int) -> str:
        return str(from_minor(minor, cinema.currency))

    clerk, count = drawer.clerk, drawer.cash_up
    names = [plain_text(text) for text in (cinema.name, cinema.city, str(clerk), clerk.email)]
    counted: list[object] = [""] * 3
    said: list[object] = [""] * 3
    if count:
        counted = [money(n) for n in (count.expected, count.counted, count.difference)]
        at: datetime = count.created_at.astimezone(cinema.tz)
        said = [at.isoformat(timespec="seconds"), plain_text(str(count.by)), plain_text(count.note)]
    else:
        counted[0] = money(drawer.expected)
    return [
        drawer.day.isoformat(),
        *names,
        cinema.currency,
        *(money(drawer.taken.get(way, 0)) for way in WAYS),
        *(money(drawer.back.get(way, 0)) for way in WAYS),
        money(drawer.opening),
        *counted,
        *said,
    ]
