"""Forgets a person: by their own wish, or by staff, who must give a reason (docs/spec.md §10.6).

What the law wants us to keep stays: the audit log of staff, and sales and invoices. Their account
then has no name and no address.
"""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.errors import NotAnonymised, PersonBusy
from accounts.export import account_data
from accounts.models import RecoveryCode, User
from accounts.outbox.services import drop_for
from accounts.push.services import unsubscribe
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.errors import DomainError
from bookmyshow.core.observability.security_log import log_event
from bookmyshow.core.staff import audit

from .parts import forget_everything, leave_everything, obstacles

STAFF_STAY = (
    "This person works here. What staff did must stay theirs: take away “works here” first, if "
    "they have left."
)


def delete_account(*, user: User, request: HttpRequest | None = None) -> None:
    """Delete a person's data at their own request, and close the account. Guests can do it too.

    Raises PersonBusy.
    """
    _leave(user)
    log_event("account deletion", request=request, account=user.email)
    with lock_timeout_raises(PersonBusy), transaction.atomic():
        _forget(_locked(user))


def why_not(person: User) -> list[str]:
    """Why staff may not anonymise this person now. Empty if they may."""
    if person.is_staff or person.is_superuser:
        return [STAFF_STAY]
    return obstacles(person)


def anonymise(*, by: User, person: User, reason: str) -> None:
    """Staff forget a person who asked for it. Raises NotAnonymised, PersonBusy."""
    if reasons := why_not(person):
        raise NotAnonymised(" ".join(reasons))
    _leave(person)
    with lock_timeout_raises(PersonBusy), transaction.atomic():
        locked = _locked(person)
        if reasons := why_not(locked):
            raise NotAnonymised(" ".join(reasons))
        email = locked.email
        _forget(locked)
        # After the row is blank: the line must not keep the name.
        audit.record(by=by, about=locked, what=f"Anonymised: {reason}")
    log_event("account deletion", account=email, by=by.email)


def export_for(*, by: User, person: User, reason: str) -> dict[str, Any]:
    """The person's data, for staff who send it to them."""
    with transaction.atomic():
        audit.record(by=by, about=person, what=f"Exported this person's data: {reason}")
        data = account_data(person)
    log_event("export", account=person.email, by=by.email, what="a person's data")
    return data


def _leave(user: User) -> None:
    try:
        leave_everything(user)
    except DomainError as error:
        # A show is locked. What was given up already stays so, and the next try does the rest.
        raise PersonBusy from error


def _locked(user: User) -> User:
    """Forget what other apps keep, then lock the person's row.

    This order prevents a deadlock. The settlement of a payment locks the order, then writes a
    message to the person, and its commit waits for the person's row. With the row locked first,
    we would wait for the order, and the settlement for the row.
    """
    forget_everything(user)
    return User.objects.select_for_update().get(pk=user.pk)


def _forget(user: User) -> None:
    # Once more, for what was written while the row was waited for.
    forget_everything(user)
    drop_for(user)
    unsubscribe(user=user)
    RecoveryCode.objects.filter(user=user).delete()
    TOTPDevice.objects.filter(user=user).delete()
    # An account must have an address, and each a different one.
    user.email = "" if user.is_guest else f"deleted-{uuid.uuid4()}@deleted.invalid"
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
