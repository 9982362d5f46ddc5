"""Limits for tries of passwords and codes, for sign-ups and for requests of mails.

Every check of a password calls `spend_secret` first. Every check of a second factor's code calls
`spend_code` first. tests/test_secret_limits.py lists all places. The functions raise RateLimited;
pages and API answer it with 429 and Retry-After.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from limits import parse

from accounts.models import User
from bookmyshow.core.client_address import client_networks
from bookmyshow.core.email_key import email_key
from bookmyshow.core.observability.security_log import Event, log_event
from bookmyshow.core.rate_limits import Limit, RateLimited, count_attempt, count_attempt_by_address

from .devices import known_device

# High, because many people may share an address (an office, a mobile network).
SECRETS_FROM_ADDRESS = Limit("secret-address", parse("60 per 5 minutes"))
# Stops guesses from one address. The owner, at another address, is not locked out.
SECRETS_OF_ACCOUNT_FROM_ADDRESS = (
    Limit("secret-pair", parse("10 per 5 minutes")),
    Limit("secret-pair-slow", parse("25 per hour")),
)
# For all addresses together (OWASP ASVS 2.2.1). Tries from the account's known devices don't count.
SECRETS_OF_ACCOUNT = Limit("secret-account", parse("100 per hour"))
SECRETS_FROM_DEVICE = (
    Limit("secret-device", parse("10 per 5 minutes")),
    Limit("secret-device-slow", parse("25 per hour")),
)
# Each try costs a hash, and an attacker can have many known devices by signing up many accounts.
DEVICES_FROM_ADDRESS = Limit("secret-devices", parse("180 per 5 minutes"))
# For all addresses together: only somebody with the right password can try a code.
CODES_OF_ACCOUNT = (
    Limit("code", parse("10 per 5 minutes")),
    Limit("code-slow", parse("30 per hour")),
)
SIGN_UPS_FROM_ADDRESS = Limit("sign-up-address", parse("60 per hour"))
SIGN_UPS_OF_EMAIL = Limit("sign-up-email", parse("10 per hour"))
EMAIL_CHECKS_FROM_ADDRESS = Limit("email-check-address", parse("60 per hour"))
RESETS_FROM_ADDRESS = Limit("reset-address", parse("60 per hour"))
CONFIRMATION_MAILS = Limit("confirmation-mail", parse("5 per hour"))
RESETS_OF_EMAIL = Limit("reset-email", parse("5 per hour"))


@contextmanager
def _log_if_limited(event: Event, request: HttpRequest, account: str) -> Iterator[None]:
    """Write a line to the security log if a limit refuses the try inside."""
    try:
        yield
    except RateLimited:
        log_event(event, request=request, account=account, outcome="limited")
        raise


def spend_secret(request: HttpRequest, account: str) -> None:
    """Count one try of an account's password. `account` is the email as it was typed.

    Emails without an account are counted in the same way. Raises RateLimited.
    """
    with _log_if_limited("password check", request, account):
        _spend_secret(request, account)


def _spend_secret(request: HttpRequest, account: str) -> None:
    key = email_key(account)
    if device := known_device(request, account):
        count_attempt_by_address(DEVICES_FROM_ADDRESS, request)
        for limit in SECRETS_FROM_DEVICE:
            count_attempt(limit, f"{key} {device}")
        return
    count_attempt_by_address(SECRETS_FROM_ADDRESS, request)
    widest, _ = client_networks(request)[-1]
    for limit in SECRETS_OF_ACCOUNT_FROM_ADDRESS:
        count_attempt(limit, f"{key} {widest}")
    count_attempt(SECRETS_OF_ACCOUNT, key)


def spend_code(request: HttpRequest, user: User) -> None:
    """Count one try of a code of this person's second factor. Raises RateLimited."""
    with _log_if_limited("second factor", request, user.email):
        count_attempt_by_address(SECRETS_FROM_ADDRESS, request)
        for limit in CODES_OF_ACCOUNT:
            count_attempt(limit, user.pk)


def spend_sign_up(request: HttpRequest, email: str) -> None:
    """Count one try to sign up. Raises RateLimited."""
    with _log_if_limited("sign-up", request, email):
        count_attempt_by_address(SIGN_UPS_FROM_ADDRESS, request)
        count_attempt(SIGN_UPS_OF_EMAIL, email_key(email))


def spend_email_check(request: HttpRequest) -> None:
    """Count one check of whether an email has an account. Raises RateLimited."""
    with _log_if_limited("sign-up check", request, ""):
        count_attempt_by_address(EMAIL_CHECKS_FROM_ADDRESS, request)


def spend_reset(request: HttpRequest, email: str) -> None:
    """Count one request for a link to reset a password. Raises RateLimited."""
    with _log_if_limited("password reset request", request, email):
        count_attempt_by_address(RESETS_FROM_ADDRESS, request)
        count_attempt(RESETS_OF_EMAIL, email_key(email))


def spend_confirmation_mail(user: User) -> None:
    """Count one mail with a link that confirms the account's email. Raises RateLimited."""
    count_attempt(CONFIRMATION_MAILS, user.pk)
