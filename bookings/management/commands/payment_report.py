from datetime import UTC, date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.payments.providers.base import ProviderUnknown
from bookings.payments.reconciling.daily_comparison import compare
from bookings.payments.staff.report import open_matters, taken_between
from bookmyshow.core.currencies import from_minor
from bookmyshow.core.time import database_now, local_day

A_DAY = timedelta(days=1)


class Command(BaseCommand):
    help = (
        "Print what was taken and given back in a range of days (UTC), by provider, way of paying "
        "and currency; then each payment, refund and dispute that is not settled. With --compare, "
        "each day is compared with the provider's list first, as Celery beat does once a day. "
        "Exits with 1 if that found a difference."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="first", type=date.fromisoformat, help="first day; default: yesterday"
        )
        parser.add_argument(
            "--to", dest="last", type=date.fromisoformat, help="last day; default: the first"
        )
        parser.add_argument("--compare", action="store_true", help="ask the providers, too")

    def handle(
        self, *, first: date | None, last: date | None, compare: bool, **_options: Any
    ) -> None:
        first = first or local_day(database_now(), UTC) - A_DAY
        last = last or first
        if last < first:
            raise CommandError("--to is before --from.")
        differences = self._compare(first, last) if compare else 0
        self._write_money(first, last)
        matters = list(open_matters())
        for matter in matters:
            self.stdout.write(matter)
        self.stdout.write(f"{len(matters)} matters are not settled.")
        if differences:
            raise CommandError(f"{differences} differences with the providers.")

    def _compare(self, first: date, last: date) -> int:
        found = []
        day = first
        while day <= last:
            try:
                found += compare(day)
            except ProviderUnknown as error:
                raise CommandError(f"{day} could not be compared: {error}") from None
            day += A_DAY
        for difference in found:
            self.stdout.write(str(difference))
        return len(found)

    def _write_money(self, first: date, last: date) -> None:
        self.stdout.write(f"From {first} to {last} (UTC)")
        for line in taken_between(first, last):
            taken, back, kept = (
                from_minor(amount, line.currency)
                for amount in (line.captured, line.refunded, line.kept)
            )
            way = f"{line.provider} {line.method}".strip()
            self.stdout.write(
                f"{way:<20}{line.payments:>7} payments {taken:>14,} {line.currency}"
                f"{line.refunds:>7} refunds {back:>14,} {line.currency}   kept {kept:,}"
            )
