"""A person's own data, in a form that another program can read."""

from collections.abc import Callable
from typing import Any

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
