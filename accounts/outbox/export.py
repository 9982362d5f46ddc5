"""A person's messages in the export of their data (accounts.export)."""

from typing import Any

from accounts.models import User

from .models import Message


def messages_of(user: User) -> list[dict[str, Any]]:
    """What was written to a person, newest first. Without the content, which is in the mails."""
    return [
        {
            "kind": message.kind,
            "channel": message.channel,
            "address": message.address,
            "state": message.state,
            "createdAt": message.created_at,
            "sentAt": message.sent_at,
        }
        for message in Message.objects.filter(user=user).order_by("-pk")
    ]
