from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.integrity.checks import RULES, find_breaches
from bookings.integrity.repair import broken_shows, repair_show


class Command(BaseCommand):
    help = (
        "Check the booking invariants (docs/spec.md §4.10) in one snapshot of the database. Lists "
        "every breach, and exits with 1 if there is one. Safe to run during a sale. --fix changes "
        "seats and counters to match the bookings, show by show. A seat that two bookings list "
        "stays with the one confirmed first; the other booking is named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="repair what can be repaired")
        parser.add_argument(
            "--dry-run", action="store_true", help="with --fix: only list the broken shows"
        )

    def handle(self, *, fix: bool, dry_run: bool, **_options: Any) -> None:
        if fix:
            self._fix(dry_run=dry_run)
            if dry_run:
                return
        broken = list(find_breaches())
        for breach in broken:
            self.stdout.write(f"{breach.rule}: {breach.where}")
        if broken:
            raise CommandError(f"{len(broken)} breaches of {len(RULES)} invariants checked.")
        self.stdout.write(self.style.SUCCESS(f"All {len(RULES)} invariants hold."))

    def _fix(self, *, dry_run: bool) -> None:
        shows = broken_shows()
        for show_id in shows:
            if dry_run:
                self.stdout.write(f"show {show_id} would be repaired")
                continue
            repair = repair_show(show_id)
            self.stdout.write(f"show {show_id}: {repair.seats_changed} seats repaired")
            for contested in repair.contested:
                self.stdout.write(
                    f"show {show_id}: {contested} is another booking's; call the customer"
                )
        self.stdout.write(f"{len(shows)} shows {'to repair' if dry_run else 'repaired'}.")
