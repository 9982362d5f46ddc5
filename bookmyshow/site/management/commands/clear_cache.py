from typing import Any

from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = (
        "Delete everything from the cache: film lists, seat maps, profiles, rate limits. Safe at "
        "any time: no data is lost, nobody is logged out (sessions are in the database too), "
        "and the next requests are a little slower. Celery's queue on the same server stays. "
        "Exits with 1 if the cache server does not answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count the entries")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        if cache.set("clear_cache:probe", 1, 1) is None:  # type: ignore[func-returns-value]
            raise CommandError("The cache server does not answer; see REDIS_URL.")
        if dry_run:
            count = len(list(cache.iter_keys("*")))  # type: ignore[attr-defined]
            self.stdout.write(f"{count} entries would be dropped.")
            return
        self.stdout.write(f"Dropped {cache.clear()} entries.")  # type: ignore[func-returns-value]
