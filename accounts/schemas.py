"""Request and response schemas of the API's endpoints for accounts."""

from typing import Annotated, Literal

from django.core.exceptions import ValidationError
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from bookmyshow.core.api.schemas import In, Line, Moment, Out, Verbatim
from bookmyshow.core.email_key import as_stored

from .email.addresses import validate_mailable
from .models import User
from .profile_cache import Profile


def _email(value: str) -> str:
    """The address in its stored form. Fails validation if no mail can be sent to it."""
    value = as_stored(value)
    try:
        validate_mailable(value)
    except ValidationError as error:
        raise PydanticCustomError("email", "Enter an email address.") from error
    return value


Email = Annotated[
    Line,
    AfterValidator(_email),
    Field(max_length=254, json_schema_extra={"format": "email"}, examples=["asha@example.com"]),
]
Name = Annotated[Line, Field(min_length=1, max_length=120, examples=["Asha Rao"])]
Phone = Annotated[Line, Field(max_length=32, examples=["+91 98765 43210"])]


class SignUp(In):
    name: Name
    email: Email
    password: Verbatim = Field(min_length=12, max_length=128, examples=["velvet-curtain-7"])
    phone: Phone | None = None


class LogIn(In):
    email: Line = Field(min_length=1, max_length=254, examples=["asha@example.com"])
    password: Verbatim = Field(min_length=1, max_length=128, examples=["velvet-curtain-7"])
    code: Line | None = Field(
        None,
        max_length=24,
        description="Staff's second factor, where the site asks for one: the authenticator app's"
        " code, or a recovery code.",
    )


class ProfileChange(In):
    name: Name | None = None
    phone: Phone | None = Field(None, description="Empty text removes it.")


class UserOut(Out):
    id: int
    name: str
    email: str
    phone: str | None
    role: Literal["user", "admin"]
    created_at: Moment

    @classmethod
    def of(cls, user: User | Profile) -> "UserOut":
        return cls(
            id=user.pk,
            name=user.name,
            email=user.email,
            phone=user.phone or None,
            role="admin" if user.role == "admin" else "user",
            created_at=user.created_at,
        )


class SessionOut(Out):
    token: str = Field(description="Send as Authorization: Bearer <token>.")
    user: UserOut
