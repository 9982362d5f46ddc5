from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from bookings.errors import BookingError, ShowIsOver
from bookings.show_changes.services import Changed, cancel_show, who_is_affected
from bookmyshow.core.time import database_now
from shows.errors import ScheduleError
from shows.models import Show


class Command(BaseCommand):
    help = (
        "Cancel a show: cancel its bookings, free its seats, and write a mail to everyone with a "
        "ticket (sent by Celery beat, or by send_mail). All or nothing, and safe to run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("show", type=int, help="the show's number, as in its address")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who is doing this")
        parser.add_argument(
            "--why", default="", help="a sentence for the mail to people with tickets"
        )
        parser.add_argument("--dry-run", action="store_true", help="only count who is affected")

    def handle(self, *args: Any, **options: Any) -> None:
        staff = User.objects.filter(email__iexact=options["by"], is_staff=True).first()
        if staff is None:
            raise CommandError(f"No member of staff has the email {options['by']}.")
        show = Show.objects.filter(pk=options["show"]).first()
        if show is None:
            raise CommandError(f"There is no show {options['show']}.")
        self.stdout.write(str(show))
        if options["dry_run"]:
            self.stdout.write(self._would_be(show))
            return
        try:
            done = cancel_show(by=staff, show_id=show.pk, why=options["why"])
        except (ScheduleError, BookingError) as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Cancelled: {done}.")

    def _would_be(self, show: Show) -> str:
        now = database_now()
        if show.is_cancelled:
            return "It is cancelled already: nothing would change."
        if show.ends_at <= now:
            raise CommandError(ShowIsOver.message)
        who = who_is_affected(show=show, at=now)
        sold = Changed(who.bookings, who.people, who.seats)
        holds = f"{who.holds} hold{'' if who.holds == 1 else 's'}"
        return f"{sold}, and {holds} would be cancelled."
