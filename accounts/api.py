"""Signing up, logging in and one's own profile."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from ninja import Router

from bookmyshow.core.api.openapi import problems
from bookmyshow.core.api.responses import answer
from bookmyshow.core.api.schemas import Answer
from bookmyshow.core.observability.security_log import log_event

from . import services
from .authentication import BearerToken
from .errors import WrongCode
from .login.attempts import spend_code, spend_sign_up
from .models import User
from .profile_cache import profile_of
from .requests import ApiRequest
from .schemas import LogIn, ProfileChange, SessionOut, SignUp, UserOut
from .tokens import end_token, issue_token
from .two_factor.services import check_code, is_required

router = Router(tags=["Account"])


@router.post(
    "/signup",
    response={201: Answer[SessionOut]},
    openapi_extra=problems("EMAIL_TAKEN", "RATE_LIMITED"),
)
def sign_up(request: HttpRequest, person: SignUp) -> HttpResponse:
    """Make an account, and get a token for it."""
    _check_password(person)
    spend_sign_up(request, person.email)
    user = services.sign_up(
        name=person.name,
        email=person.email,
        password=person.password,
        phone=person.phone or "",
        request=request,
    )
    return answer(session_of(user), 201)


@router.post(
    "/login",
    response={200: Answer[SessionOut]},
    openapi_extra=problems("NOT_AUTHENTICATED", "RATE_LIMITED"),
)
def log_in(request: HttpRequest, credentials: LogIn) -> HttpResponse:
    """Get a token."""
    user = services.log_in(request=request, email=credentials.email, password=credentials.password)
    needs_code = is_required(user)
    if credentials.code:
        spend_code(request, user)
    if needs_code and check_code(user, credentials.code or "") is None:
        log_event("second factor", request=request, account=user.email, outcome="refused")
        raise WrongCode
    log_event("log-in", request=request, account=user.email)
    return answer(session_of(user, otp=needs_code))


@router.post("/logout", auth=BearerToken(), response={204: None})
def log_out(request: ApiRequest) -> HttpResponse:
    """End this token now; other tokens and the website's sessions go on."""
    end_token(request.token)
    log_event("log-out", request=request, account=request.auth.email)
    return HttpResponse(status=204)


@router.get("/profile", auth=BearerToken(), response={200: Answer[UserOut]})
def profile(request: ApiRequest) -> HttpResponse:
    """Read one's own profile."""
    return answer(UserOut.of(profile_of(request.auth.pk)))


@router.put("/profile", auth=BearerToken(), response={200: Answer[UserOut]})
def change_profile(request: ApiRequest, changes: ProfileChange) -> HttpResponse:
    """Change name or phone; what isn't sent stays."""
    person = request.auth
    name = person.name if changes.name is None else changes.name
    phone = person.phone if changes.phone is None else changes.phone
    return answer(UserOut.of(services.change_details(user=person, name=name, phone=phone)))


def session_of(user: User, *, otp: bool = False) -> SessionOut:
    return SessionOut(token=issue_token(user, otp=otp), user=UserOut.of(user))


def _check_password(person: SignUp) -> None:
    """Raises ValidationError for a password that is easily guessed."""
    try:
        validate_password(person.password, User(email=person.email, name=person.name))
    except ValidationError as error:
        raise ValidationError({"password": error}) from error
