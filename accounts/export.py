"""A person's own data, in a form that another program can read."""

from collections.abc import Callable
from typing import Any

from .models import User

# By name: what another app knows about a person.
_parts: dict[str, Callable[[User], Any]] = {}


def add_part(name: str, read: Callable[[User], Any]) -> None:
    """For apps that know more about people: `read` gives what goes into the export as `name`."""
    _parts[name] = read


def account_data(user: User) -> dict[str, Any]:
    """The account, then the parts of other apps; times in UTC, money as decimal strings."""
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
