"""What a push message says. Browsers show it on locked screens, so it has no secret and no name."""

import json
from dataclasses import dataclass
from typing import Literal

# Push services take 4,096 bytes, and encryption adds 103.
MOST_BYTES = 2048
MOST_TITLE, MOST_BODY = 120, 240


@dataclass(frozen=True, slots=True)
class Content:
    """One notification.

    `url` is a path of this site, opened when the notification is pressed. A notification takes the
    place of an earlier one with the same `tag`. `ttl`: for how many seconds the push service keeps
    the message while the browser can't be reached.
    """

    title: str
    body: str
    url: str
    tag: str
    ttl: int
    urgency: Literal["normal", "high"] = "normal"

    def payload(self) -> bytes:
        """The JSON that the service worker reads. Raises ValueError if it is too long."""
        values = {
            "title": _short(self.title, MOST_TITLE),
            "body": _short(self.body, MOST_BODY),
            "url": self.url,
            "tag": self.tag,
        }
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) > MOST_BYTES:
            raise ValueError(f"a push message of {len(text)} bytes")
        return text


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
