import csv
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.dashboard.takings import GROUPS, Line, sales, total
from bookmyshow.core.staff.csv_export import plain_text
from bookmyshow.core.time import A_DAY, database_now
from shows.models import Cinema

HEADS = ("shows", "seats", "sold", "% sold", "bookings", "cancelled")


class Command(BaseCommand):
    help = (
        "Print the sales of shows in a range of days (in their cinemas' time zones) by day, cinema "
        "or film, as a table or CSV. Sales are the confirmed bookings of shows that are not "
        "cancelled. Cancelled bookings have their own column. Changes nothing. "
        "Example: booking_report --by film --from 2026-01-01 --to 2026-01-31 --csv > january.csv"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", choices=list(GROUPS), default="day", help="default: day")
        parser.add_argument(
            "--from",
            dest="first",
            type=date.fromisoformat,
            help="first day, such as 2026-01-31; default: a week up to --to",
        )
        parser.add_argument(
            "--to",
            dest="last",
            type=date.fromisoformat,
            help="last day; default: yesterday, where every cinema's day is over",
        )
        parser.add_argument("--csv", action="store_true", help="CSV instead of a table")

    def handle(
        self, *, by: str, first: date | None, last: date | None, csv: bool, **_options: Any
    ) -> None:
        last = last or Cinema.objects.todays(at=database_now())[0] - A_DAY
        first = first or last - 6 * A_DAY
        if last < first:
            raise CommandError("--to is before --from.")
        lines = list(sales(by=by, first=first, last=last))
        if csv:
            self._write_csv(by, lines)
        else:
            self._write_table(by, [*lines, total(lines)])

    def _write_csv(self, by: str, lines: list[Line]) -> None:
        writer = csv.writer(self.stdout, lineterminator="\n")
        columns, _ = GROUPS[by]
        writer.writerow([*columns, *HEADS, "takings", "currency"])
        for line in lines:
            names = [plain_text(name) for name in line.names]
            writer.writerow([*names, *_cells(line), line.takings, settings.CURRENCY])

    def _write_table(self, by: str, lines: list[Line]) -> None:
        width = max(len(by), *(len(line.name) for line in lines))
        heads = "".join(f"{head:>11}" for head in HEADS)
        self.stdout.write(f"{by:<{width}}{heads}{'takings ' + settings.CURRENCY:>16}")
        for line in lines:
            cells = "".join(f"{cell:>11}" for cell in _cells(line))
            self.stdout.write(f"{line.name:<{width}}{cells}{line.takings:>16,.2f}")


def _cells(line: Line) -> list[object]:
    return [
        line.shows,
        line.seats,
        line.sold,
        f"{line.occupancy:.1f}",
        line.bookings,
        line.cancelled,
    ]
