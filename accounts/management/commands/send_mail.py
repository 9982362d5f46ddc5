from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.outbox.models import Channel, Message
from accounts.outbox.sending import send_due


class Command(BaseCommand):
    help = (
        "Send the due mails, as Celery beat does every few seconds. Safe to run at the same time, "
        "and again after it was killed. Exits with 1 if a mail could not be sent; it is tried "
        "again later."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list the mails that wait")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            waiting = Message.objects.waiting().filter(channel=Channel.MAIL)
            for message in waiting.iterator():
                tried = f", tried {message.attempts} times" if message.attempts else ""
                self.stdout.write(f"{message}, due {message.next_try_at:%d %b %H:%M} UTC{tried}")
            self.stdout.write(f"{waiting.count()} mails wait to be sent.")
            return
        done = send_due()
        self.stdout.write(
            f"{done.sent} mails sent, {done.failed} failed, {done.dropped} not needed any more."
        )
        if done.failed:
            raise CommandError("Some mails could not be sent; they will be tried again.")
