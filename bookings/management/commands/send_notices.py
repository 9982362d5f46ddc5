from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.models import Notice
from bookings.notices.sending import send_due


class Command(BaseCommand):
    help = (
        "Send the due mails about cancelled and moved shows, as Celery beat does every few "
        "seconds. Safe to run at the same time, and again after it was killed. Exits with 1 if a "
        "mail could not be sent; it is tried again later."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list the mails that wait")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            waiting = Notice.objects.waiting()
            for notice in waiting:
                tried = f", tried {notice.attempts} times" if notice.attempts else ""
                self.stdout.write(f"{notice}, show {notice.show_id}{tried}")
            self.stdout.write(f"{len(waiting)} mails wait to be sent.")
            return
        done = send_due()
        self.stdout.write(f"{done.sent} mails sent, {done.failed} failed.")
        if done.failed:
            raise CommandError("Some mails could not be sent; they will be tried again.")
