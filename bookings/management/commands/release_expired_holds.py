from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models.functions import Now

from bookings.models import Booking
from bookings.services import sweep_lapsed_holds


class Command(BaseCommand):
    help = (
        "Free the seats of lapsed holds, as Celery beat does every 30 seconds. "
        "Safe to run at any time, also during a sale or another sweep."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="list the holds that would be released"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            lapsed = Booking.objects.lapsed(at=Now()).order_by("pk")
            for booking in lapsed:
                self.stdout.write(f"{booking.reference}  {' '.join(booking.seats)}")
            self.stdout.write(f"{len(lapsed)} lapsed holds would be released.")
            return
        self.stdout.write(f"Released {sweep_lapsed_holds()} lapsed holds.")
