import secrets
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookmyshow.core.time import database_now
from bookmyshow.site.demo.accounts import (
    CLERK_EMAIL,
    CUSTOMER_EMAIL,
    PUBLIC_PASSWORD,
    STAFF_EMAIL,
)
from bookmyshow.site.demo.seed import NotADemo, seed
from shows.waiting_room.models import OnSale

THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


class Command(BaseCommand):
    help = (
        "Fill an empty database with demo data: films, cinemas, a week of shows with some seats "
        "sold, and three accounts to log in with, one of them a superuser. Their password is "
        "generated and printed once. Another run adds the shows that are missing in the coming "
        "week and changes nothing else. A database with other data is refused, unless --force."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="add demo data although there is other data"
        )
        parser.add_argument(
            "--public-password",
            action="store_true",
            help="use the public demo password; allowed only if SITE_URL is this machine",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        public = options["public_password"]
        if public and urlsplit(settings.SITE_URL).hostname not in THIS_MACHINE:
            raise CommandError(
                f"others can reach this site ({settings.SITE_URL}) and could log in with a"
                " public password: leave out --public-password, and a secret one is generated"
            )
        password = PUBLIC_PASSWORD if public else secrets.token_urlsafe(12)
        try:
            now = database_now()
            created = seed(now=now, password=password, force=options["force"])
        except NotADemo as error:
            raise CommandError(str(error)) from error
        # Accounts of an earlier run keep their password, so the new one is not printed.
        words = (
            f"password {password}" if public or created.accounts else "password of the first run"
        )
        self.stdout.write("Demo accounts (for trying the site only):")
        self.stdout.write(f"  customer  {CUSTOMER_EMAIL}  {words}")
        self.stdout.write(f"  staff     {STAFF_EMAIL}  {words}")
        self.stdout.write(f"  clerk     {CLERK_EMAIL}  {words}")
        if sale := OnSale.objects.on().first():
            address = f"{settings.SITE_URL}{sale.get_absolute_url()}"
            opens = f"{sale.opens_at.astimezone(UTC):%d %b, %H:%M} UTC"
            when = f"on sale {opens}" if sale.opens_at > now else f"open since {opens}"
            self.stdout.write(f"A waiting room, to try: {address} ({when})")
        self.stdout.write(self.style.SUCCESS(f"Created {created}."))
