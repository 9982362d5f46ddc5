"""Sign-up, log-in and changes of an account."""

from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from bookmyshow.core.observability.security_log import log_event

from .email.mails import write_confirmation_link, write_password_changed
from .errors import EmailTaken, WrongCredentials
from .models import EMAIL_CONSTRAINT, User
from .push.browsers import device_of
from .push.services import end_on_other_browsers

# At most this many expired sessions are deleted by one statement, so that none takes long.
SESSIONS_AT_ONCE = 5_000


def sign_up(
    *, email: str, name: str, password: str, phone: str = "", request: HttpRequest | None = None
) -> User:
    """Create a customer and mail a link that confirms the email. Raises EmailTaken.

    If two sign-ups with one email come at the same time, the second raises EmailTaken.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name, phone=phone)
            write_confirmation_link(user)
        log_event("sign-up", request=request, account=user.email)
        return user
    except IntegrityError as error:
        if EMAIL_CONSTRAINT not in str(error):
            raise
        raise EmailTaken from error


def log_in(*, request: HttpRequest, email: str, password: str) -> User:
    """The person with these credentials. Raises WrongCredentials.

    Takes the same time for an unknown email, because Django's backend hashes the password anyway.
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
    """Set a password and mail the owner. Ends every session and every API token.

    To keep its own session, a view calls `update_session_auth_hash`. `by_mail`: the person followed
    a mailed link, so the account's email is confirmed.
    """
    user.set_password(password)
    if by_mail and not user.email_confirmed_at:
        user.email_confirmed_at = timezone.now()
    with transaction.atomic():
        user.save(update_fields=["password", "token_version", "email_confirmed_at", "updated_at"])
        write_password_changed(user)
        _end_other_browsers(user, request)
    log_event("password change", request=request, account=user.email)
    return user


def lock_address(user_id: int) -> str | None:
    """The person's email, with their row locked until the transaction ends. None if it is closed.

    Whoever copies the address takes it from here: a deletion waits for the lock, and then finds the
    copy. Call it after the locks of orders (docs/spec.md §4.2).
    """
    rows = User.objects.select_for_update(no_key=True).filter(pk=user_id, is_active=True)
    return rows.order_by().values_list("email", flat=True).first()


def log_out_everywhere(*, user: User, request: HttpRequest | None = None) -> User:
    """End every session and every API token of this person.

    To keep its own session, a view calls `update_session_auth_hash`.
    """
    user.token_version = F("token_version") + 1
    user.save(update_fields=["token_version", "updated_at"])
    user.refresh_from_db(fields=["token_version"])
    _end_other_browsers(user, request)
    log_event("log-out everywhere", request=request, account=user.email)
    return user


def _end_other_browsers(user: User, request: HttpRequest | None) -> None:
    """End a person's push messages with their sessions, but not on the browser of the request."""
    end_on_other_browsers(user=user, device=device_of(request) if request else "")


def clear_expired_sessions() -> int:
    """Delete expired sessions, in batches of SESSIONS_AT_ONCE. Returns how many."""
    ended = Session.objects.filter(expire_date__lt=timezone.now()).order_by("expire_date")
    cleared = 0
    while count := Session.objects.filter(pk__in=ended.values("pk")[:SESSIONS_AT_ONCE]).delete()[0]:
        cleared += count
    return cleared
