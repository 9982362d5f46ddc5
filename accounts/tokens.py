"""The API's bearer tokens: JWTs that die when the person's `token_version` moves on (API.md)."""

from typing import Any

import jwt
from django.conf import settings
from django.utils import timezone

from .backends import active_person
from .models import User

ALGORITHM = "HS256"
CLAIMS = ["userId", "tokenVersion", "iat", "exp"]
LARGEST_ID = 2**63 - 1


def issue_token(user: User) -> str:
    """A token for JWT_EXPIRY; it has no password, hash or anything else that is secret."""
    now = timezone.now()
    claims = {
        "userId": user.pk,
        "email": user.email,
        "role": user.role,
        "tokenVersion": user.token_version,
        "iat": now,
        "exp": now + settings.JWT_EXPIRY,
    }
    return jwt.encode(claims, settings.JWT_SECRET, algorithm=ALGORITHM)


def user_of_token(token: str) -> User | None:
    """The active person a token was issued to, in one query; None for a token that is no good.

    Role and email are read from the database: the claims are for clients.
    """
    try:
        claims = jwt.decode(
            token, settings.JWT_SECRET, algorithms=[ALGORITHM], options={"require": CLAIMS}
        )
    except jwt.InvalidTokenError:
        return None
    user_id, version = claims["userId"], claims["tokenVersion"]
    if not (_is_whole(user_id) and _is_whole(version)):
        return None
    user = active_person(user_id)
    return user if user and user.token_version == version else None


def _is_whole(value: Any) -> bool:
    return (
        isinstance(value, int) and not isinstance(value, bool) and -LARGEST_ID < value <= LARGEST_ID
    )
