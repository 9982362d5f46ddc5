"""Changing one's own log-in address.

The password is asked first. The address changes only after a link that was mailed to the new one
was opened; the old address is told. As with a new password, all sessions and API tokens end.
"""

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.errors import EmailTaken, LinkNotValid
from accounts.models import EMAIL_CONSTRAINT, User
from accounts.push.browsers import device_of
from accounts.push.services import end_on_other_browsers
from bookmyshow.core.observability.security_log import log_event

from .mails import write_login_address_changed, write_new_login_address
from .new_address_link import read_new_address


def ask_for_new_address(*, user: User, email: str, request: HttpRequest | None = None) -> None:
    """Mail a link to the new address. The caller has checked the password; nothing changes yet."""
    with transaction.atomic():
        write_new_login_address(user, email)
    log_event("log-in address", request=request, account=user.email, step="asked")


def change_address(*, token: str, request: HttpRequest | None = None) -> User:
    """Take the new address, which the link has proven, and tell the old one.

    Ends every session and every API token, and push messages to other browsers than that of the
    request. To keep its own session, a view calls `update_session_auth_hash`.

    Raises LinkNotValid (also if it was used), EmailTaken.
    """
    user, email = read_new_address(token)
    before = user.email
    try:
        with transaction.atomic():
            # Only one of two clicks at once finds the address that the link names.
            found = User.objects.select_for_update().filter(pk=user.pk, email=before).first()
            if found is None:
                raise LinkNotValid
            found.email, found.email_confirmed_at = email, timezone.now()
            found.token_version += 1
            found.save(update_fields=["email", "email_confirmed_at", "token_version", "updated_at"])
            end_on_other_browsers(user=found, device=device_of(request) if request else "")
            write_login_address_changed(found, before)
    except IntegrityError as error:
        if EMAIL_CONSTRAINT not in str(error):
            raise
        raise EmailTaken from error
    log_event("log-in address", request=request, account=before, step="changed")
    return found
