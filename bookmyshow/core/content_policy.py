"""What pages may load and run (Content-Security-Policy), for django-csp's setting."""

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF


def content_policy(poster_hosts: list[str], live_url: str) -> dict[str, Any]:
    """The policy of all pages. Posters come from `poster_hosts`; if empty, from any HTTPS host.

    Scripts may connect to the site, and to the host of `live_url` (the setting LIVE_URL).
    """
    return {
        "DIRECTIVES": {
            "default-src": [SELF],
            "script-src": [SELF, NONCE],
            # The hash of the only inline style, which is in base.html.
            "style-src": [SELF, "'sha256-HZ4rB03Xrq48TXRrshZ0A/rzCbrI8O6Hcrjxi45i7Q8='"],
            "img-src": [SELF, "data:", *(poster_hosts or ["https:"])],
            "connect-src": [SELF, *live_source(live_url)],
            "object-src": [NONE],
            "base-uri": [SELF],
            "form-action": [SELF],
            "frame-ancestors": [NONE],
        }
    }


def live_source(live_url: str) -> list[str]:
    """The source for connect-src. Empty for a path of the site, which is its own source."""
    if live_url.startswith(":"):
        # The port of whichever host the page came from, such as localhost or 127.0.0.1.
        return [f"*{live_url.partition('/')[0]}"]
    parts = urlsplit(live_url)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
