from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.two_factor import recovery_codes
from bookmyshow.core.observability.security_log import log_event


class Command(BaseCommand):
    help = (
        "Forget someone's authenticator app, for a phone that is lost: at the next log-in to a "
        "staff page they set up another."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"There is no account with the email {options['email']}.")
        devices = TOTPDevice.objects.filter(user=user)
        count = devices.count()
        if options["dry_run"]:
            self.stdout.write(f"{count} devices of {user.email} would be forgotten.")
            return
        with transaction.atomic():
            devices.delete()
            recovery_codes.forget(user)
        log_event("second factor change", account=user.email, what="taken away by a command")
        self.stdout.write(f"{count} devices of {user.email} forgotten.")
