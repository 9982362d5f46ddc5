"""Links in mails of the waiting list. Their tokens are signed, and stored nowhere."""

from django.core import signing
from django.urls import reverse

from accounts.outbox.models import Message
from bookmyshow.core.mail import site_link

from . import messages
from .models import Entry

PLACE_SALT, CONFIRM_SALT = "waiting.place", "waiting.confirm"
#: How long the link that confirms an address can be used.
CONFIRM_SECONDS = 2 * 24 * 3600


def place_link(entry_id: int) -> str:
    """The page of a place in line, where one can leave it; also the one-click address."""
    token = signing.dumps(entry_id, salt=PLACE_SALT)
    return site_link(reverse("waiting:place", args=[token]))


def entry_of(token: str) -> Entry | None:
    """The place in line of a link; None if the link is not ours, or the show is in the archive."""
    try:
        entry_id = signing.loads(token, salt=PLACE_SALT)
    except signing.BadSignature:
        return None
    return Entry.objects.with_show().filter(pk=entry_id).first()


def confirm_link(message: Message) -> str:
    """The page that confirms the address that `message` was sent to."""
    token = signing.dumps(message.pk, salt=CONFIRM_SALT)
    return site_link(reverse("waiting:confirm", args=[token]))


def request_of(token: str) -> Message | None:
    """The mail whose link this is; None if the link is too old or not ours."""
    try:
        message_id = signing.loads(token, salt=CONFIRM_SALT, max_age=CONFIRM_SECONDS)
    except signing.BadSignature:
        return None
    sent = Message.objects.filter(pk=message_id, kind=messages.CONFIRM)
    return sent.exclude(address="").first()
