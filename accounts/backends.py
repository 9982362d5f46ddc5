"""Log-in by email and password, and the read of a session's person.

Nearly every request with a session reads its person first, so the read is a prepared statement.
For an API token, `accounts.tokens` does it.
"""

from functools import cache
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from bookmyshow.core.db.prepared import prepared_row, statement

from .login.attempts import spend_secret
from .models import User


def active_person(user_id: int) -> User | None:
    """The person with this id, unless the account is closed. Never a guest."""
    found = prepared_row(User, _person_by_id(), [user_id])
    return found if found and found.is_active else None


@cache
def _person_by_id() -> str:
    """The SQL, built once. To build it in each request took a fifth of the time of a hold."""
    return statement(User.objects.filter(pk=0, is_guest=False).order_by())


class PersonBackend(ModelBackend):
    """Django's log-in by email and password, with a limit on tries. Site, API and admin use it.

    `active_person` reads the person of a session.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Raises RateLimited, and TooManyPasswords while this process hashes too many passwords."""
        if request is not None and username is not None:
            spend_secret(request, username)
        user = super().authenticate(request, username, password, **kwargs)
        return user if isinstance(user, User) else None

    def get_user(self, user_id: int) -> User | None:
        return active_person(user_id)
