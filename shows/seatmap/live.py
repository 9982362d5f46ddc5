"""Where an open seat map finds its live stream (docs/spec.md §23)."""

import re

from django.conf import settings
from django.http import HttpRequest


def stream_url(request: HttpRequest, show_id: int) -> str:
    """The address of the show's stream for this page, or "" if LIVE_URL is not set."""
    if not settings.LIVE_URL:
        return ""
    path = f"shows/{show_id}/seats/"
    if settings.LIVE_URL.startswith(":"):
        # A port of the page's own host, so that it works with localhost and 127.0.0.1 alike.
        host = re.sub(r":\d+$", "", request.get_host())
        return f"//{host}{settings.LIVE_URL}{path}"
    return f"{settings.LIVE_URL}{path}"
