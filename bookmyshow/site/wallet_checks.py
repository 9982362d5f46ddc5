"""The checks of `manage.py doctor` about passes for Apple Wallet and Google Wallet."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from bookings.wallet.keys import apple_keys, apple_problem, google_keys, google_problem

from .findings import Finding

RENEW_BEFORE = timedelta(days=30)
ADVICE = "docs/deploy.md, Passes for phones, has the steps. Until then the button is not shown."


def wallets() -> Iterator[Finding]:
    """Whether passes can be made with the files that the settings name, and for how long."""
    for problem in filter(None, (apple_problem(), google_problem())):
        yield Finding("wallet", problem, ADVICE, True)
    if apple := apple_keys():
        until = f"Apple passes as {apple.pass_type_id} until {apple.expires_at:%d %b %Y}"
        soon = apple.has_expired(timezone.now() + RENEW_BEFORE)
        yield Finding("wallet", until, "Renew the certificate at Apple before." if soon else "")
    if google := google_keys():
        yield Finding("wallet", f"Google links as {google.email}")
