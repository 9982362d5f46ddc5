"""Changes of state of an account, and who someone is."""

import uuid
from functools import partial

from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from bookmyshow.core.observability.security_log import log_event

from .email.queue import owe_confirmation_link, owe_password_changed
from .errors import EmailTaken, WrongCredentials
from .models import User

# Few enough that no statement takes long, however many there are at first.
SESSIONS_AT_ONCE = 5_000
EMAIL_CONSTRAINT = "user_email_unique_any_case"


def sign_up(
    *, email: str, name: str, password: str, phone: str = "", request: HttpRequest | None = None
) -> User:
    """A new customer, who is sent a link to confirm the email.

    Raises EmailTaken, in a race of two sign-ups too.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name, phone=phone)
            transaction.on_commit(partial(owe_confirmation_link, user))
        log_event("sign-up", request=request, account=user.email)
        return user
    except IntegrityError as error:
        if EMAIL_CONSTRAINT not in str(error):
            raise
        raise EmailTaken from error


def log_in(*, request: HttpRequest, email: str, password: str) -> User:
    """The person with these credentials, in the same time whether or not the email is known.

    Django's backend hashes the password of an unknown person too. Raises WrongCredentials.
    """
    user = authenticate(request, username=email, password=password)
    if user is None:
        raise WrongCredentials
    return user


def change_details(*, user: User, name: str, phone: str) -> User:
    user.name, user.phone = name, phone
    user.save(update_fields=["name", "phone", "updated_at"])
    return user


def set_password(
    *, user: User, password: str, request: HttpRequest | None = None, by_mail: bool = False
) -> User:
    """Ends every other session and every API token: both are bound to what changes here.

    `by_mail`: a link that was mailed to the account led here, so its email is confirmed. The
    account's email is told, once the change is committed.
    """
    user.set_password(password)
    if by_mail and not user.email_confirmed_at:
        user.email_confirmed_at = timezone.now()
    user.save(update_fields=["password", "token_version", "email_confirmed_at", "updated_at"])
    log_event("password change", request=request, account=user.email)
    transaction.on_commit(partial(owe_password_changed, user))
    return user


def log_out_everywhere(*, user: User, request: HttpRequest | None = None) -> User:
    """Ends every session and every API token of this person, this browser's session too."""
    user.token_version = F("token_version") + 1
    user.save(update_fields=["token_version", "updated_at"])
    user.refresh_from_db(fields=["token_version"])
    log_event("log-out everywhere", request=request, account=user.email)
    return user


def delete_account(*, user: User, request: HttpRequest | None = None) -> None:
    """Forget the person and close the account; its bookings stay for the books, without a name."""
    log_event("account deletion", request=request, account=user.email)
    user.email = f"deleted-{uuid.uuid4()}@deleted.invalid"
    user.name = user.phone = ""
    user.is_active = False
    user.last_login = user.email_confirmed_at = None
    user.set_unusable_password()
    user.token_version = F("token_version") + 1
    user.save(
        update_fields=[
            "email",
            "name",
            "phone",
            "is_active",
            "last_login",
            "email_confirmed_at",
            "password",
            "token_version",
            "updated_at",
        ]
    )


def clear_expired_sessions() -> int:
    """Delete the sessions that ended, some at a time; returns how many there were."""
    ended = Session.objects.filter(expire_date__lt=timezone.now()).order_by("expire_date")
    cleared = 0
    while count := Session.objects.filter(pk__in=ended.values("pk")[:SESSIONS_AT_ONCE]).delete()[0]:
        cleared += count
    return cleared
