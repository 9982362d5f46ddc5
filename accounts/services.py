"""Changes of state of an account."""

import uuid

from django.db import IntegrityError, transaction
from django.db.models import F

from .models import User

EMAIL_CONSTRAINT = "user_email_unique_any_case"


class EmailTaken(Exception):
    """An account has this email already, in whatever case."""


def sign_up(*, email: str, name: str, password: str) -> User:
    """A new customer. Raises EmailTaken, in a race of two sign-ups too."""
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name)
    except IntegrityError as error:
        if EMAIL_CONSTRAINT not in str(error):
            raise
        raise EmailTaken(email) from error


def change_details(*, user: User, name: str, phone: str) -> User:
    user.name, user.phone = name, phone
    user.save(update_fields=["name", "phone", "updated_at"])
    return user


def set_password(*, user: User, password: str) -> User:
    """Ends every other session and every API token: both are bound to what changes here."""
    user.set_password(password)
    user.token_version = F("token_version") + 1
    user.save(update_fields=["password", "token_version", "updated_at"])
    user.refresh_from_db(fields=["token_version"])
    return user


def delete_account(*, user: User) -> None:
    """Forget the person and close the account; its bookings stay for the books, without a name."""
    user.email = f"deleted-{uuid.uuid4()}@deleted.invalid"
    user.name = user.phone = ""
    user.is_active = False
    user.last_login = None
    user.set_unusable_password()
    user.token_version = F("token_version") + 1
    user.save()
