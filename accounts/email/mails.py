"""Mails about an account: who writes which, and what each says.

They don't contain the account's name: until the email is confirmed, a stranger may have signed up
with it and written any text as the name. Links start with SITE_URL and never with a request's host.
They are made when a mail is sent, so that no table has a valid link.
"""

import uuid
from datetime import timedelta

from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import User
from accounts.outbox.models import Message, Priority
from accounts.outbox.registry import Drop, register
from accounts.outbox.services import NewMessage, write, write_many
from bookmyshow.core.mail import compose_mail, site_link

from .confirmation import link_token
from .new_address_link import LINK_SECONDS, new_address_token

# A person who still wants a new password has asked again by then.
RESET_EXPIRES = timedelta(hours=12)


def write_reset_link(email: str) -> None:
    """Write a mail with a link to choose a new password, if this email's account may have one.

    For another email a row without a person and an address is written, and the sender drops it. So
    nobody can tell from the time of the answer whether an email has an account.
    """
    user = User.objects.with_email(email).filter(is_active=True).first()
    may_have_one = user is not None and user.has_usable_password()
    write(
        "password-reset",
        key=f"password-reset:{uuid.uuid4()}",
        user=user if may_have_one else None,
        expires_at=timezone.now() + RESET_EXPIRES,
    )


def write_confirmation_link(user: User) -> None:
    """Write a mail with a link that confirms the account's email."""
    write("confirm-email", key=f"confirm-email:{user.pk}:{uuid.uuid4()}", user=user)


def write_password_changed(user: User) -> None:
    """Write a mail that the password was changed, now."""
    write(
        "password-changed",
        key=f"password-changed:{user.pk}:{uuid.uuid4()}",
        user=user,
        data={"changed_at": _time_text()},
    )


def write_account_changed(*, user: User, emails: set[str], what: str, by: User) -> None:
    """Tell these addresses that staff (`by`) changed the account. `what` lists the changes."""
    change = uuid.uuid4()
    data = {"what": what, "by": str(by), "changed_at": _time_text()}
    write_many(
        NewMessage(
            kind="account-changed",
            key=f"account-changed:{user.pk}:{change}:{number}",
            user=user,
            address=email,
            data=data,
        )
        for number, email in enumerate(sorted(emails))
    )


def write_new_login_address(user: User, email: str) -> None:
    """Write a mail to the new address, with the link that makes it the log-in address."""
    write(
        "new-login-address",
        key=f"new-login-address:{user.pk}:{uuid.uuid4()}",
        user=user,
        address=email,
        expires_at=timezone.now() + timedelta(seconds=LINK_SECONDS),
    )


def write_login_address_changed(user: User, before: str) -> None:
    """Tell the earlier address that it is not the log-in address any more."""
    write(
        "login-address-changed",
        key=f"login-address-changed:{user.pk}:{uuid.uuid4()}",
        user=user,
        address=before,
        data={"changed_at": _time_text()},
    )


def _reset_link(message: Message) -> EmailMultiAlternatives | Drop:
    user = message.user
    if user is None or not user.has_usable_password():
        return Drop("There is no such account.")
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    path = reverse("accounts:password-reset-new", args=[uid, token])
    return _mail("password_reset", link=site_link(path))


def _confirmation_link(message: Message) -> EmailMultiAlternatives | Drop:
    user = message.user
    if user is None or user.email_confirmed_at:
        return Drop("The address is confirmed.")
    path = reverse("accounts:confirm-email", args=[link_token(user)])
    return _mail("confirm_email", link=site_link(path))


def _password_changed(message: Message) -> EmailMultiAlternatives:
    link = site_link(reverse("accounts:password-reset"))
    return _mail("password_changed", link=link, **message.data)


def _account_changed(message: Message) -> EmailMultiAlternatives:
    return _mail("account_changed", **message.data)


def _new_login_address(message: Message) -> EmailMultiAlternatives | Drop:
    user = message.user
    if user is None or not user.is_active or user.email == message.address:
        return Drop("The address is changed, or the account is closed.")
    path = reverse("accounts:new-address", args=[new_address_token(user, message.address)])
    return _mail("new_login_address", link=site_link(path))


def _login_address_changed(message: Message) -> EmailMultiAlternatives:
    return _mail("login_address_changed", **message.data)


def register_kinds() -> None:
    for kind, label, compose in (
        ("password-reset", "Link for a new password", _reset_link),
        ("confirm-email", "Link that confirms the email", _confirmation_link),
        ("password-changed", "Password changed", _password_changed),
        ("account-changed", "Account changed by staff", _account_changed),
        ("new-login-address", "Link for a new log-in address", _new_login_address),
        ("login-address-changed", "Log-in address changed", _login_address_changed),
    ):
        register(kind, label=label, compose=compose, priority=Priority.FIRST)


def _time_text() -> str:
    return f"{timezone.now():%-d %B %Y, %H:%M} UTC"


def _mail(name: str, **context: str) -> EmailMultiAlternatives:
    return compose_mail(f"accounts/mail/{name}", context)
