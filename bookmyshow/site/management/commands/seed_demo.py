import secrets
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookmyshow.core.clock import database_now
from bookmyshow.site.demo.accounts import CUSTOMER_EMAIL, PUBLIC_PASSWORD, STAFF_EMAIL
from bookmyshow.site.demo.seed import NotADemo, seed

THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


class Command(BaseCommand):
    help = (
        "Fill an empty database with a demonstration: films, cinemas, a week of shows, some of "
        "them part sold, and accounts to log in with, one of them a superuser. Their password is "
        "made and printed once. Run again, it adds the shows missing from the coming week and "
        "touches nothing else. It refuses a database with data of its own unless --force."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="add it beside a site's own data all the same"
        )
        parser.add_argument(
            "--public-password",
            action="store_true",
            help="the password that `make run` prints; only where SITE_URL is this machine",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        public = options["public_password"]
        if public and urlsplit(settings.SITE_URL).hostname not in THIS_MACHINE:
            raise CommandError(
                f"others reach this site ({settings.SITE_URL}), and anybody could log in with a"
                " public password: leave --public-password out, and one is made"
            )
        password = PUBLIC_PASSWORD if public else secrets.token_urlsafe(12)
        try:
            created = seed(now=database_now(), password=password, force=options["force"])
        except NotADemo as error:
            raise CommandError(str(error)) from error
        # Accounts of an earlier run keep their password.
        words = f"password {password}" if public or created.accounts else "password as first made"
        self.stdout.write("Demo accounts (for trying the site only):")
        self.stdout.write(f"  customer  {CUSTOMER_EMAIL}  {words}")
        self.stdout.write(f"  staff     {STAFF_EMAIL}  {words}")
        self.stdout.write(self.style.SUCCESS(f"Created {created}."))
