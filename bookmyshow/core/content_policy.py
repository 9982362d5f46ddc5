"""What pages may load and run (Content-Security-Policy), for django-csp's setting."""

from typing import Any

from csp.constants import NONCE, NONE, SELF


def content_policy(poster_hosts: list[str]) -> dict[str, Any]:
    """The policy of all pages. Posters come from `poster_hosts`; if empty, from any HTTPS host."""
    return {
        "DIRECTIVES": {
            "default-src": [SELF],
            "script-src": [SELF, NONCE],
            # The hash of the only inline style, which is in base.html.
            "style-src": [SELF, "'sha256-HZ4rB03Xrq48TXRrshZ0A/rzCbrI8O6Hcrjxi45i7Q8='"],
            "img-src": [SELF, "data:", *(poster_hosts or ["https:"])],
            "object-src": [NONE],
            "base-uri": [SELF],
            "form-action": [SELF],
            "frame-ancestors": [NONE],
        }
    }
