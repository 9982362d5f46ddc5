from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bookmyshow.site.diagnostics import run_checks


class Command(BaseCommand):
    help = (
        "Check everything that the site depends on (settings, database, migrations, cache, broker, "
        "workers, beat's last run, static files, mail) and say how to correct what is wrong. "
        "Changes nothing. Exits with 1 if there is an error; warnings do not count."
    )
    # Django would stop at a failed system check. run_checks runs them too, and continues.
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        errors = 0
        for finding in run_checks():
            errors += finding.is_error
            mark = self.style.ERROR("✗") if finding.is_error else self.style.SUCCESS("✓")
            if finding.advice and not finding.is_error:
                mark = self.style.WARNING("!")
            self.stdout.write(f"{mark} {finding.subject}: {finding.text}")
            if finding.advice:
                self.stdout.write(f"    → {finding.advice}")
        if errors:
            raise CommandError(f"{errors} error{'s' * (errors > 1)} to correct.")
        self.stdout.write(self.style.SUCCESS("All is well."))
