"""The check of `doctor` about push messages."""

from django.conf import settings

from accounts.push.keys import server_key

from .findings import Finding


def push_messages() -> Finding:
    """Whether there is a key, and whether it survives the next release."""
    key = server_key()
    if key is None:
        return Finding(
            "push messages",
            f"no VAPID_PRIVATE_KEY, and none can be kept in {settings.VAPID_KEY_FILE}",
            "Set VAPID_PRIVATE_KEY, as docs/deploy.md says; until then pages leave the button out.",
        )
    if not settings.VAPID_PRIVATE_KEY and settings.HTTPS:
        return Finding(
            "push messages",
            f"the key is only in {settings.VAPID_KEY_FILE}, on this machine",
            "Set VAPID_PRIVATE_KEY to it: with another key nobody is told anything any more.",
        )
    return Finding("push messages", f"the key {key.name} signs them")
