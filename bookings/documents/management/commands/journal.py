from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.documents.journal import csv_lines, journal
from shows.models import Cinema


class Command(BaseCommand):
    help = (
        "Write the journal lines of all documents of some days as CSV on the standard output, for"
        " the accountant. Days are those of the cinemas' clocks, both included."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("begins", type=date.fromisoformat, help="first day: 2026-11-01")
        parser.add_argument("ends", type=date.fromisoformat, help="last day: 2026-11-30")
        parser.add_argument("--cinema", help="the slug of a cinema; without it all cinemas")

    def handle(self, *args: Any, **options: Any) -> None:
        begins, ends, slug = options["begins"], options["ends"], options["cinema"]
        if ends < begins:
            raise CommandError("The last day is before the first one.")
        cinema = Cinema.objects.filter(slug=slug).first() if slug else None
        if slug and cinema is None:
            raise CommandError(f"There is no cinema {slug!r}.")
        for line in csv_lines(journal(cinema, begins, ends)):
            self.stdout.write(line, ending="")
