"""A person's own data, in a form that another program can read."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone

from .models import User

# Other apps' functions, which read their data about a person. The key is the name in the export.
_parts: dict[str, Callable[[User], Any]] = {}


def add_part(name: str, read: Callable[[User], Any]) -> None:
    """Register another app's part of the export: `read(user)` returns the value under `name`."""
    _parts[name] = read


def account_data(user: User) -> dict[str, Any]:
    """The account and the parts of other apps. Times are in UTC, money is a decimal string."""
    return {
        "account": {
            "email": user.email,
            "name": user.name,
            "phone": user.phone,
            "createdAt": user.created_at,
            "emailConfirmedAt": user.email_confirmed_at,
        },
        **{name: read(user) for name, read in _parts.items()},
    }


def as_file(data: object, name: str = "") -> HttpResponse:
    """A JSON file to download, with `name` and today's date in its file name."""
    response = JsonResponse(data, json_dumps_params={"indent": 2}, safe=False)
    words = ("bookmyshow", name, f"{timezone.now():%Y-%m-%d}")
    file = "-".join(filter(None, words))
    response["Content-Disposition"] = f'attachment; filename="{file}.json"'
    return response
