"""Requests that have no CSRF token, but must come from pages of this site."""

from urllib.parse import urlsplit

from django.http import HttpRequest


def is_from_here(request: HttpRequest) -> bool:
    """Whether the Origin header names this host."""
    origin = request.headers.get("Origin", "")
    return urlsplit(origin).netloc == request.get_host()
