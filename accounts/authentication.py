"""Authentication of the API: by bearer token only, never by cookie."""

from typing import Any, cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from bookmyshow.core.errors import Forbidden

from .models import User
from .requests import ApiRequest
from .tokens import user_of_token


class BearerToken(HttpBearer):
    """Anyone with a valid token."""

    openapi_bearerFormat = "JWT"  # noqa: N815
    openapi_description = "The `token` of POST /api/auth/login or /api/auth/signup."

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        cast(ApiRequest, request).token = token
        return user_of_token(token)


class AdminToken(BearerToken):
    """Staff who are superusers or managers."""

    openapi_description = "As BearerToken, of staff who are superusers or managers (role `admin`)."

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = super().authenticate(request, token)
        if user is not None and user.role != "admin":
            raise Forbidden
        return user
