"""Reads the mails that wait in the outbox, as the sender would send them."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from typing import Any

from django.core.mail import EmailMultiAlternatives

from accounts.outbox.models import Message
from accounts.outbox.registry import kind_of


def written(kind: str = "") -> list[Message]:
    """The messages of this kind, or all of them, in the order in which they were written."""
    found = Message.objects.select_related("user").order_by("pk")
    return list(found.filter(kind=kind) if kind else found)


def composed(message: Message) -> Any:
    """What its composer makes of a message: a mail, Later or Drop."""
    return kind_of(message.kind).compose(message)


def the_mail(kind: str) -> EmailMultiAlternatives:
    """The one mail of this kind."""
    (message,) = written(kind)
    mail = composed(message)
    assert isinstance(mail, EmailMultiAlternatives), mail
    return mail


def text_of(mail: EmailMultiAlternatives) -> str:
    """The plain text in one line, so that a test does not depend on where lines end."""
    return " ".join(str(mail.body).split())


def html_of(mail: EmailMultiAlternatives) -> str:
    ((html, kind),) = mail.alternatives
    assert kind == "text/html"
    return unescape(str(html))


def as_received(mail: EmailMultiAlternatives) -> EmailMessage:
    """The mail as a mail program reads it."""
    mail.to = mail.to or ["someone@example.com"]
    return message_from_bytes(mail.message().as_bytes(), policy=policy.default)


def files_of(mail: EmailMultiAlternatives) -> dict[str, bytes]:
    """The attachments by file name."""
    parts = as_received(mail).iter_attachments()
    return {str(part.get_filename()): part.get_payload(decode=True) for part in parts}  # type: ignore[misc]
