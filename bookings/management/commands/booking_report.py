import csv
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.dashboard.takings import GROUPS, Line, sales, totals
from bookmyshow.core.db.replicas import read
from bookmyshow.core.staff.csv_export import plain_text
from bookmyshow.core.time import A_DAY, database_now
from shows.models import Cinema

NOTHING = Line(("total",), "")
HEADS = ("shows", "seats", "sold", "% sold", "bookings", "cancelled")
#: The money of these shows, each a column of the CSV. The table has their sum.
MONEY = ("online", "cash", "card", "other", "to_collect")


class Command(BaseCommand):
    help = (
        "Print the sales of shows in a range of days (in their cinemas' time zones) by day, cinema "
        "or film, as a table or CSV. Sales are the confirmed bookings of shows that are not "
        "cancelled. Cancelled bookings have their own column. Paid is the money of these shows, "
        "without what goes back (in CSV by way of paying); to collect is what nobody has paid. "
        "Two currencies have lines and totals of their own. Changes nothing. "
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
        lines = read(lambda: list(sales(by=by, first=first, last=last)))
        if csv:
            self._write_csv(by, lines)
        else:
            self._write_table(by, [*lines, *(totals(lines) or [NOTHING])])

    def _write_csv(self, by: str, lines: list[Line]) -> None:
        writer = csv.writer(self.stdout, lineterminator="\n")
        columns, _ = GROUPS[by]
        writer.writerow([*columns, *HEADS, "takings", *MONEY, "currency"])
        for line in lines:
            names = [plain_text(name) for name in line.names]
            money = (getattr(line, name) for name in MONEY)
            writer.writerow([*names, *_cells(line), line.takings, *money, line.currency])

    def _write_table(self, by: str, lines: list[Line]) -> None:
        width = max(len(by), *(len(line.name) for line in lines))
        heads = "".join(f"{head:>11}" for head in HEADS)
        currencies = {line.currency for line in lines}
        # One currency is named in the heading, several in each line.
        of = f" {currencies.pop()}" if len(currencies) == 1 else ""
        money = f"{'paid':>14}{'to collect':>14}{f'takings{of}':>16}"
        self.stdout.write(f"{by:<{width}}{heads}{money}")
        for line in lines:
            cells = "".join(f"{cell:>11}" for cell in _cells(line))
            money = f"{line.paid:>14,.2f}{line.to_collect:>14,.2f}"
            takings = f"{line.takings:,.2f}" if of else f"{line.currency} {line.takings:,.2f}"
            self.stdout.write(f"{line.name:<{width}}{cells}{money}{takings:>16}")


def _cells(line: Line) -> list[object]:
    return [
        line.shows,
        line.seats,
        line.sold,
        f"{line.occupancy:.1f}",
        line.bookings,
        line.cancelled,
    ]
