from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.two_factor import services as two_factor


class Command(BaseCommand):
    help = (
        "Remove a person's authenticator app and its recovery codes, for example after a lost "
        "phone. The person sets up a new app when they next open a staff page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="email of the account")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="change nothing, only print what would be removed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.with_email(options["email"]).first()
        if user is None:
            raise CommandError(f"There is no account with the email {options['email']}.")
        if options["dry_run"]:
            count = TOTPDevice.objects.filter(user=user).count()
            self.stdout.write(f"Authenticator apps of {user.email} that would be removed: {count}.")
            return
        count = two_factor.reset(user=user)
        self.stdout.write(f"Authenticator apps of {user.email} removed: {count}.")
