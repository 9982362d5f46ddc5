from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.archive.services import MONTHS, Moved, archive_batch, due


class Command(BaseCommand):
    help = (
        "Move shows that ended long ago, whole, with their seats and bookings, to archive tables "
        "partitioned by quarter. Their bookings are still found by reference, by their owner and "
        "in the admin. Each batch is one transaction, so if it is interrupted, run it again. "
        "Safe during a sale, because it does not touch coming shows."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--months",
            type=int,
            default=MONTHS,
            help=f"how long ago a show ended; default {MONTHS}",
        )
        parser.add_argument("--batch", type=int, default=100, help="shows in one transaction")
        parser.add_argument("--dry-run", action="store_true", help="only count what would be moved")

    def handle(self, *, months: int, batch: int, dry_run: bool, **_options: Any) -> None:
        if months < 1 or batch < 1:
            raise CommandError("--months and --batch are 1 or more.")
        waiting = due(months=months)
        if dry_run:
            self.stdout.write(f"{waiting.shows} shows, {waiting.bookings} bookings would be moved.")
            return
        done = Moved()
        while (moved := archive_batch(months=months, size=batch)).shows:
            done = Moved(done.shows + moved.shows, done.bookings + moved.bookings)
            self.stdout.write(f"{done.shows} of {waiting.shows} shows")
        self.stdout.write(f"Moved {done.shows} shows, {done.bookings} bookings.")
