"""Logs security events of accounts to the logger `security` (docs/operating.md lists them).

A line has the event, its outcome, the client's address and a keyed hash of the account's email. The
hash is the same in all lines about an account, and the email can't be computed from it.
"""

import logging
from typing import Any, Literal

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed
from django.http import HttpRequest

from bookmyshow.core.client_address import client_address
from bookmyshow.core.email_key import account_hash

log = logging.getLogger("security")

Event = Literal[
    "log-in",
    "log-out",
    "log-out everywhere",
    "sign-up",
    "email confirmed",
    "log-in address",
    "sign-up check",
    "password check",
    "password change",
    "password reset request",
    "rights change",
    "second factor",
    "second factor change",
    "account deletion",
    "export",
    "guest link",
    "guest claim",
    "payment event",
    "payment return",
]
Outcome = Literal["done", "refused", "limited"]


def log_event(
    event: Event,
    *,
    request: HttpRequest | None = None,
    account: str = "",
    outcome: Outcome = "done",
    by: str = "",
    **facts: Any,
) -> None:
    """Log an event. `account` and `by` (the person who did it, if not the owner) are emails.

    The emails are hashed before they are logged. `facts` must not contain personal data.
    """
    extra = {"event": event, "outcome": outcome, **facts}
    if request is not None:
        extra |= {"address": client_address(request), "way": _way(request)}
    if account:
        extra["account"] = account_hash(account)
    if by:
        extra["by"] = account_hash(by)
    level = logging.INFO if outcome == "done" else logging.WARNING
    log.log(level, "%s %s", event, outcome, extra=extra)


def _way(request: HttpRequest) -> str:
    for way, prefix in {"api": "/api/", "admin": f"/{settings.ADMIN_PATH}"}.items():
        if request.path_info.startswith(prefix):
            return way
    return "site"


def connect_signals() -> None:
    """Connect to Django's signals for log-ins, log-outs and changed rights of groups.

    Called once when Django starts.
    """
    from django.contrib.auth.models import Group

    def logged_in(request: HttpRequest, user: AbstractBaseUser, **_signal: Any) -> None:
        log_event("log-in", request=request, account=user.get_username())

    def failed(
        credentials: dict[str, str], request: HttpRequest | None = None, **_signal: Any
    ) -> None:
        log_event(
            "log-in", request=request, account=credentials.get("username", ""), outcome="refused"
        )

    def group_changed(instance: Any, action: str, **_signal: Any) -> None:
        if action in {"post_add", "post_remove", "post_clear"} and isinstance(instance, Group):
            log_event("rights change", group=instance.name, what=action.removeprefix("post_"))

    def logged_out(request: HttpRequest, user: AbstractBaseUser | None, **_signal: Any) -> None:
        if user is not None:
            log_event("log-out", request=request, account=user.get_username())

    m2m_changed.connect(
        group_changed,
        sender=Group.permissions.through,
        weak=False,
        dispatch_uid="security-group",
    )
    user_logged_in.connect(logged_in, weak=False, dispatch_uid="security-log-in")
    user_login_failed.connect(failed, weak=False, dispatch_uid="security-log-in-failed")
    user_logged_out.connect(logged_out, weak=False, dispatch_uid="security-log-out")
