"""The check of `doctor` about the live seat map."""

from http.client import HTTPException
from urllib.request import urlopen

from django.conf import settings

from .findings import Finding

ANSWER_SECONDS = 5.0


def health_url() -> str:
    """Where browsers would find the process, seen from this machine."""
    if settings.LIVE_URL.startswith(":"):
        return f"http://localhost{settings.LIVE_URL}healthz"
    site = settings.SITE_URL if settings.LIVE_URL.startswith("/") else ""
    return f"{site}{settings.LIVE_URL}healthz"


def live_map() -> Finding:
    """Whether the process that pushes seat maps answers at LIVE_URL."""
    if not settings.LIVE_URL:
        return Finding("live map", "off (LIVE_URL is empty): open seat maps ask every 5 seconds")
    try:
        with urlopen(health_url(), timeout=ANSWER_SECONDS):
            pass
    except (OSError, HTTPException) as error:
        return Finding(
            "live map",
            f"{health_url()} does not answer: {error}",
            "Start the Procfile's `live`, and see that LIVE_URL leads to it. Pages poll till then.",
            True,
        )
    return Finding("live map", f"answers at {settings.LIVE_URL}")
