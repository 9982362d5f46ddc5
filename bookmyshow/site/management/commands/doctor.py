from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.email.addresses import validate_mailable
from bookmyshow.site.diagnostics import run_checks
from bookmyshow.site.findings import Finding
from bookmyshow.site.mail_trial import own_address, send_trial


class Command(BaseCommand):
    help = (
        "Check everything that the site depends on (settings, database, migrations, cache, broker, "
        "workers, beat's last run, static files, mail) and say how to correct what is wrong. "
        "Changes nothing; with --send-mail it sends one mail. Exits with 1 if there is an error; "
        "warnings do not count."
    )
    # Django would stop at a failed system check. run_checks runs them too, and continues.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--send-mail",
            nargs="?",
            const="",
            metavar="ADDRESS",
            help="also send a mail to ADDRESS (the site's own one by default) and wait until a "
            "worker has sent it, for a minute at most",
        )

    def handle(self, **options: Any) -> None:
        address = options["send_mail"]
        if address is not None:
            address = address or own_address()
            try:
                validate_mailable(address)
            except ValidationError as error:
                raise CommandError(f"{address}: {' '.join(error.messages)}") from error
        errors = sum(self._say(finding) for finding in run_checks())
        if address is not None:
            errors += self._say(send_trial(address))
        if errors:
            raise CommandError(f"{errors} error{'s' * (errors > 1)} to correct.")
        self.stdout.write(self.style.SUCCESS("All is well."))

    def _say(self, finding: Finding) -> bool:
        """Print what a check found; returns whether it is an error."""
        mark = self.style.ERROR("✗") if finding.is_error else self.style.SUCCESS("✓")
        if finding.advice and not finding.is_error:
            mark = self.style.WARNING("!")
        self.stdout.write(f"{mark} {finding.subject}: {finding.text}")
        if finding.advice:
            self.stdout.write(f"    → {finding.advice}")
        return finding.is_error
