"""Mails about an account. `accounts.email.queue` runs these functions outside of requests.

They don't contain the account's name: until the email is confirmed, a stranger may have signed up
with it and written any text as the name. Links start with SITE_URL and never with a request's host.
"""

from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import User

from .confirmation import link_token


def send_reset_link(email: str) -> None:
    """Mail a link to choose a new password, if the email has an active account with a password."""
    user = User.objects.with_email(email).filter(is_active=True).first()
    if user is None or not user.has_usable_password():
        return
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    link = reverse("accounts:password-reset-new", args=[uid, token])
    _send("password_reset", user.email, link=urljoin(settings.SITE_URL, link))


def send_password_changed(user_id: int, changed_at: str) -> None:
    """Mail a person that the password was changed, and when."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is not None:
        link = urljoin(settings.SITE_URL, reverse("accounts:password-reset"))
        _send("password_changed", user.email, link=link, changed_at=changed_at)


def send_confirmation_link(user_id: int) -> None:
    """Mail a link that confirms the account's email, unless it is confirmed already."""
    user = User.objects.filter(pk=user_id, is_active=True, email_confirmed_at=None).first()
    if user is not None:
        link = reverse("accounts:confirm-email", args=[link_token(user)])
        _send("confirm_email", user.email, link=urljoin(settings.SITE_URL, link))


def send_account_changed(email: str, what: str, by: str, changed_at: str) -> None:
    """Tell this address that staff (`by`) changed its account. `what` lists the changes."""
    _send("account_changed", email, what=what, by=by, changed_at=changed_at)


def _send(name: str, to: str, **context: str) -> None:
    template = f"accounts/email/{name}"
    subject = render_to_string(f"{template}_subject.txt").strip()
    mail = EmailMultiAlternatives(subject, render_to_string(f"{template}.txt", context), to=[to])
    mail.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    mail.send()
