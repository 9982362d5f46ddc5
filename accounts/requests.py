"""Requests of people who are logged in, and where to send them next."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from .models import User


class AuthenticatedRequest(HttpRequest):
    """A request behind a decorator that lets only logged-in people through."""

    user: User


class ApiRequest(HttpRequest):
    """An API request with a valid token. `auth` is the logged-in person; `user` is not used."""

    auth: User
    token: str


def person(request: HttpRequest) -> User:
    """The logged-in person of a request to the admin, which has checked the log-in already."""
    assert isinstance(request.user, User)
    return request.user


def safe_next(request: HttpRequest) -> str:
    """The address in `next`, the page to open after this one; "" unless it is on this site."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe and wanted.startswith(("/", "http://", "https://")) else ""
