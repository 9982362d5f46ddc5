from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Iterable
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from bookmyshow.core.time import database_now
from movies.models import Movie
from shows.errors import ScheduleError
from shows.models import Screen
from shows.schedule.forms import read_times
from shows.schedule.planner import Plan, PlannedShow, preview, schedule, times_between

EXAMPLE = """\
Times are on each cinema's own clock; before 04:00 they are in the night that follows the day.
Several films take turns through the day.

  manage.py schedule_shows --film dune-part-two --screen "arcadia-lower-parel/Audi 2" \\
      --from 2027-01-08 --to 2027-01-14 --times 10:00,13:30,17:00,20:30 \\
      --standard 250 --premium 400 --dry-run

  … --first 10:00 --last 22:00 --every 210     instead of --times

Exit code: 0 when all were scheduled (or could be, with --dry-run), 1 when one can't be; then none
is.
"""


def parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date; write 2027-01-08") from error


def parse_price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation as error:
        raise ArgumentTypeError(f"{text!r} is not a price; write 250 or 250.50") from error
    if not 0 <= price < 1_000_000:
        raise ArgumentTypeError(f"{text!r} is not a price; write 250 or 250.50")
    return price


def parse_times(text: str) -> list[time]:
    try:
        return read_times(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def parse_time(text: str) -> time:
    return parse_times(text)[0]


class Command(BaseCommand):
    help = "Plan shows. List every problem, or schedule all shows if there is none.\n\n" + EXAMPLE

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--film", action="append", required=True, metavar="SLUG", help="may be repeated")
        screen = "the cinema's slug and the screen's name, or `all` for each of its screens"
        add("--screen", action="append", required=True, metavar="CINEMA/SCREEN", help=screen)
        add("--from", type=parse_date, required=True, dest="first_day", metavar="DATE")
        add("--to", type=parse_date, required=True, dest="last_day", metavar="DATE")
        add("--times", type=parse_times, metavar="10:00,13:30")
        add(
            "--first",
            type=parse_time,
            metavar="10:00",
            help="the first start, with --last, --every",
        )
        add("--last", type=parse_time, metavar="22:00", help="the last possible start")
        add("--every", type=int, metavar="MINUTES", help="minutes between two starts")
        add("--standard", type=parse_price, required=True, metavar="PRICE")
        add("--premium", type=parse_price, required=True, metavar="PRICE")
        add("--format", default="2D")
        add("--language", default="", help="default: the film's language")
        add("--by", metavar="EMAIL", help="person to name in the audit log")
        add("--dry-run", action="store_true", help="only say what would be scheduled")

    def handle(self, *args: Any, **options: Any) -> None:
        by, plan = self._staff(options["by"]), self._plan(options)
        try:
            planned = preview(plan, at=database_now())
            self._report(planned, every=options["dry_run"])
            wrong = sum(bool(show.problems) for show in planned)
            if wrong:
                raise CommandError(
                    f"{wrong} of {len(planned)} shows can't be scheduled, so no show was."
                )
            if options["dry_run"]:
                self.stdout.write(f"{len(planned)} shows would be scheduled.")
                return
            made = schedule(plan, planned, by=by, what="Scheduled with a command.")
        except ScheduleError as error:
            raise CommandError(error.message) from error
        self.stdout.write(self.style.SUCCESS(f"{len(made)} shows scheduled."))

    def _report(self, planned: Iterable[PlannedShow], *, every: bool) -> None:
        for show in planned:
            if every or show.problems or show.notes:
                self.stdout.write(show.describe())
            for problem in show.problems:
                self.stdout.write(self.style.ERROR(f"    {problem}"))
            for note in show.notes:
                self.stdout.write(f"    note: {note}")

    def _plan(self, options: dict[str, Any]) -> Plan:
        if options["first_day"] > options["last_day"]:
            raise CommandError("--to is before --from.")
        return Plan(
            movies=[self._film(slug) for slug in options["film"]],
            screens=[screen for name in options["screen"] for screen in self._screens(name)],
            first_day=options["first_day"],
            last_day=options["last_day"],
            times=self._times(options),
            standard_price=options["standard"],
            premium_price=options["premium"],
            format=options["format"],
            language=options["language"],
        )

    def _times(self, options: dict[str, Any]) -> list[time]:
        if options["times"]:
            times: list[time] = options["times"]
            return times
        first, last, every = options["first"], options["last"], options["every"]
        if first is None or last is None or not every or every < 1:
            raise CommandError("Give --times, or --first, --last and --every.")
        try:
            return times_between(first, last, timedelta(minutes=every))
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _staff(self, email: str | None) -> User | None:
        if email is None:
            return None
        staff = User.objects.filter(email__iexact=email, is_staff=True).first()
        if staff is None:
            raise CommandError(f"No member of staff has the email {email}.")
        return staff

    def _film(self, slug: str) -> Movie:
        film = Movie.objects.filter(slug=slug).first()
        if film is None:
            raise CommandError(f"There is no film with the slug {slug!r}.")
        return film

    def _screens(self, name: str) -> list[Screen]:
        cinema, _, screen = name.partition("/")
        screens = Screen.objects.filter(cinema__slug=cinema).select_related("cinema")
        found = list(screens if screen == "all" else screens.filter(name=screen))
        if not found:
            raise CommandError(f"There is no screen {name!r}; write cinema-slug/Screen name.")
        return found
