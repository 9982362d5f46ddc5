"""Known devices: browsers in which an account was logged in before.

A signed cookie has the browser's id and hashes of the accounts' emails; it does not log anybody in.
A known device has its own limits for tries (`accounts.login.attempts`). So strangers who try an
account's password from many addresses don't lock out its owner.
"""

from collections.abc import Callable
from datetime import timedelta
from secrets import token_urlsafe

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from bookmyshow.core.email_key import account_hash

SALT = "accounts.device"
KEPT_FOR = timedelta(days=365)
MOST_ACCOUNTS = 5


def known_device(request: HttpRequest, account: str) -> str | None:
    """The id of this browser, if this account (an email) was logged in with it before."""
    device, accounts = _read(request)
    return device if account_hash(account) in accounts else None


def remember_device(request: HttpRequest, account: str) -> None:
    """Add the account to the cookie; KnownDeviceMiddleware sets it on the response."""
    device, accounts = _read(request)
    name = account_hash(account)
    kept = [name, *(other for other in accounts if other != name)][:MOST_ACCOUNTS]
    vars(request)["_device"] = [device or token_urlsafe(12), kept]


class KnownDeviceMiddleware:
    """Sets the cookie after a log-in (site, admin), a sign-up or a password reset by mail."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if device := vars(request).get("_device"):
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                signing.dumps(device, salt=SALT),
                max_age=KEPT_FOR,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _remember(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    remember_device(request, user.email)


def connect_signals() -> None:
    """Remember the device at every log-in that opens a session. Called when the app starts."""
    user_logged_in.connect(_remember, dispatch_uid="known-device")


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        device, accounts = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=KEPT_FOR
        )
    except (signing.BadSignature, ValueError):
        return "", []
    return device, accounts
