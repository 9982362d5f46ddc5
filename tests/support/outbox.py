"""The outbox in tests: what a message says, and time that passes for it."""

from datetime import timedelta

from django.core.mail import EmailMultiAlternatives
from django.db.models import F

from accounts.outbox.models import Message
from accounts.outbox.registry import kind_of


def mail_of(message: Message) -> EmailMultiAlternatives:
    """The mail as it would be sent now."""
    content = kind_of(message.kind).compose(message)
    assert isinstance(content, EmailMultiAlternatives)
    return content


def let_time_pass(hours: float = 7) -> None:
    """Move claims and next tries back, so that all messages are due."""
    ago = timedelta(hours=hours)
    Message.objects.update(next_try_at=F("next_try_at") - ago)
    Message.objects.update(claimed_until=F("claimed_until") - ago)
