"""The API's bearer tokens, JWTs (docs/api.md, "Tokens").

A token ends after JWT_EXPIRY, when it is logged out, or when the person's `token_version` rises.
With STAFF_2FA on, a token of staff is valid only if a code was given at its log-in.
"""

import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Exists
from django.utils import timezone

from bookmyshow.core.db.prepared import prepared_row, statement

from .models import EndedToken, User
from .two_factor import services as two_factor

ALGORITHM = "HS256"
CLAIMS = ["userId", "tokenVersion", "jti", "iat", "exp"]
LARGEST_ID = 2**63 - 1
NO_JTI = uuid.UUID(int=0)


def issue_token(user: User, *, otp: bool = False) -> str:
    """A token that is valid for JWT_EXPIRY. Its claims have no password, hash or other secret.

    `otp`: the person gave a code of the second factor.
    """
    # Imported here: with it comes most of the package cryptography. 3 MiB less in a worker that
    # nobody asks for the API.
    import jwt

    now = timezone.now()
    claims = {
        "userId": user.pk,
        "email": user.email,
        "role": user.role,
        "tokenVersion": user.token_version,
        "otp": otp,
        "jti": str(uuid.uuid4()),
        "iat": now,
        "exp": now + settings.JWT_EXPIRY,
    }
    return jwt.encode(claims, settings.JWT_SECRET, algorithm=ALGORITHM)


def user_of_token(token: str) -> User | None:
    """The active person of a token, in one query. None if the token is not valid. Never a guest.

    Role and email are read from the database; the claims are only for clients.
    """
    claims = _claims(token)
    if claims is None:
        return None
    person = prepared_row(User, _person_of_token(), [claims["userId"], 1, claims["jti"]])
    if person is None or not person.is_active or person.token_version != claims["tokenVersion"]:
        return None
    owes_code = two_factor.is_required(person) and claims.get("otp") is not True
    return None if owes_code else person


def end_token(token: str) -> None:
    """End one token; the person's other tokens and sessions stay valid.

    The caller must have checked the token with `user_of_token`. Also deletes the rows of ended
    tokens that have expired.
    """
    claims = _claims(token)
    if claims is None:
        return
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    EndedToken.objects.get_or_create(jti=claims["jti"], defaults={"expires_at": expires_at})
    EndedToken.objects.filter(expires_at__lt=timezone.now()).delete()


def _claims(token: str) -> dict[str, Any] | None:
    """The claims, `jti` as a UUID. None if the token is expired, malformed or wrongly signed."""
    import jwt

    for secret in (settings.JWT_SECRET, *settings.JWT_SECRET_FALLBACKS):
        try:
            claims: dict[str, Any] = jwt.decode(
                token, secret, algorithms=[ALGORITHM], options={"require": CLAIMS}
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError:
            return None
        try:
            claims["jti"] = uuid.UUID(claims["jti"])
        except (ValueError, TypeError, AttributeError):
            return None
        return (
            claims
            if _is_integer(claims["userId"]) and _is_integer(claims["tokenVersion"])
            else None
        )
    return None


@cache
def _person_of_token() -> str:
    """The SQL for the person by id, without a row if the token was logged out. Its parameters: the
    id, the 1 in EXISTS (SELECT 1 …), the jti."""
    ended = EndedToken.objects.filter(jti=NO_JTI)
    accounts = User.objects.filter(pk=0, is_guest=False)
    return statement(accounts.filter(~Exists(ended)).order_by())


def _is_integer(value: Any) -> bool:
    return (
        isinstance(value, int) and not isinstance(value, bool) and -LARGEST_ID < value <= LARGEST_ID
    )
