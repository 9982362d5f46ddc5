from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bookmyshow.site.diagnostics import examine


class Command(BaseCommand):
    help = (
        "Look at everything the site rests on (settings, database, migrations, cache, broker, "
        "workers, beat's last run, static files, mail) and say what to do about what is wrong. "
        "Changes nothing. Exits with 1 when something keeps the site from working as it should; "
        "what is merely worth knowing does not count."
    )
    # It runs them itself, and goes on when they fail.
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        grave = 0
        for finding in examine():
            grave += finding.grave
            mark = self.style.ERROR("✗") if finding.grave else self.style.SUCCESS("✓")
            if finding.advice and not finding.grave:
                mark = self.style.WARNING("!")
            self.stdout.write(f"{mark} {finding.what}: {finding.words}")
            if finding.advice:
                self.stdout.write(f"    → {finding.advice}")
        if grave:
            raise CommandError(f"{grave} thing{'s' * (grave > 1)} to put right.")
        self.stdout.write(self.style.SUCCESS("All is well."))
