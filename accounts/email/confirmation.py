"""Confirming that an email address belongs to its account, by a link that is mailed to it.

Without it, an account works, but may buy only a few seats (`bookings.hold_limits`). A password
reset by mail confirms the address too.
"""

from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.errors import LinkNotValid
from accounts.models import User
from bookmyshow.core.observability.security_log import log_event

SALT = "accounts.confirm-email"
LINK_SECONDS = 3 * 24 * 3600


def link_token(user: User) -> str:
    """The signed token of a link: the account's id and the address that it is mailed to."""
    return signing.dumps([user.pk, user.email], salt=SALT)


def user_of_link(token: str) -> User:
    """The account that a link's token names. Raises LinkNotValid."""
    try:
        pk, email = signing.loads(token, salt=SALT, max_age=LINK_SECONDS)
    except signing.BadSignature as error:
        raise LinkNotValid from error
    user = User.objects.filter(pk=pk, email=email, is_active=True, is_guest=False).first()
    if user is None:
        raise LinkNotValid
    return user


def confirm_email(*, token: str, request: HttpRequest | None = None) -> User:
    """Mark the account's email as confirmed. A second call changes nothing.

    Raises LinkNotValid.
    """
    user = user_of_link(token)
    mark_confirmed(user, request=request)
    return user


def mark_confirmed(user: User, *, request: HttpRequest | None = None) -> None:
    """The person followed a link that was mailed to them. A second call changes nothing."""
    if user.email_confirmed_at:
        return
    # Another request may change the address at this moment: the new one is not proved.
    unproved = User.objects.filter(pk=user.pk, email=user.email, email_confirmed_at=None)
    with transaction.atomic():
        locked = unproved.select_for_update().first()
        if locked is None:
            return
        locked.email_confirmed_at = timezone.now()
        locked.save(update_fields=["email_confirmed_at", "updated_at"])
    user.email_confirmed_at = locked.email_confirmed_at
    log_event("email confirmed", request=request, account=user.email)
