from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookmyshow.demo.accounts import CUSTOMER_EMAIL, PASSWORD, STAFF_EMAIL
from bookmyshow.demo.seed import NotADemo, seed
from shows.clock import database_now


class Command(BaseCommand):
    help = (
        "Fill an empty database with a demonstration: films, cinemas, a week of shows, some of "
        "them part sold, and accounts to log in with. Run again, it adds the shows missing "
        "from the coming week and touches nothing else. The accounts' password is public: never "
        "use this on a site with real customers (it refuses unless --force)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="add it beside a site's own data all the same"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            created = seed(now=database_now(), force=options["force"])
        except NotADemo as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Demo accounts (for trying the site only, password as first made):")
        self.stdout.write(f"  customer  {CUSTOMER_EMAIL}  password {PASSWORD}")
        self.stdout.write(f"  staff     {STAFF_EMAIL}  password {PASSWORD}")
        self.stdout.write(self.style.SUCCESS(f"Created {created}."))
