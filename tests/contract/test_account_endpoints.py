"""docs/api.md's account endpoints over HTTP."""

import uuid
from datetime import timedelta
from typing import Any

import bcrypt
import jwt
import pytest
from django.conf import settings as deployed
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import MANAGERS, EndedToken, User
from accounts.privacy.services import delete_account
from accounts.tokens import issue_token
from tests.support.api_client import Api, ApiInProcess
from tests.support.factories import make_user

PERSON = {"name": "Asha Rao", "email": "asha@example.com", "password": "velvet-curtain-7"}
USER_FIELDS = {"id", "name", "email", "phone", "role", "createdAt"}


def test_signing_up_answers_a_token_and_the_person(api: Api) -> None:
    reply = api.post("auth/signup", PERSON | {"phone": "+91 98765 43210"})
    assert reply.status == 201
    assert reply.data.keys() == {"token", "user"}
    assert reply.data["user"].keys() == USER_FIELDS
    assert reply.data["user"]["role"] == "user"
    assert reply.data["user"]["phone"] == "+91 98765 43210"
    assert api.get("auth/profile", by=reply.data["token"]).data == reply.data["user"]
    assert User.objects.get().check_password(PERSON["password"])


def test_an_email_has_one_account_whatever_its_case(api: Api) -> None:
    make_user("asha@example.com")
    reply = api.post("auth/signup", PERSON | {"email": "ASHA@Example.com"})
    assert reply.problem == (409, "EMAIL_TAKEN")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "A\x00"}, "name"),
        ({"name": "A\ud800"}, "name"),
        ({"name": "a" * 121}, "name"),
        ({"name": 7}, "name"),
        ({"email": "asha"}, "email"),
        ({"email": "asha@example.com\n"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "password1"}, "password"),
        ({"password": "velvet\x00curtain"}, "password"),
        ({"phone": 12}, "phone"),
    ],
)
def test_signing_up_says_which_field_is_wrong(
    quick_api: ApiInProcess, change: dict[str, Any], field: str
) -> None:
    reply = quick_api.post("auth/signup", PERSON | change)
    assert reply.problem == (400, "VALIDATION_ERROR")
    assert list(reply.details) == [field]


def test_logging_in_is_by_email_in_any_case(api: Api) -> None:
    make_user("asha@example.com", "velvet-curtain-7")
    credentials = {"email": "Asha@Example.COM", "password": "velvet-curtain-7"}
    reply = api.post("auth/login", credentials)
    assert reply.status == 200
    assert reply.data["user"].keys() == USER_FIELDS
    assert reply.headers["Cache-Control"] == "private, no-store"


def test_wrong_credentials_say_nothing_about_the_account(api: Api) -> None:
    make_user("asha@example.com", "velvet-curtain-7")
    make_user("gone@example.com", "velvet-curtain-7", is_active=False)
    wrong = {"email": "asha@example.com", "password": "another"}
    unknown = {"email": "nobody@example.com", "password": "velvet-curtain-7"}
    closed = {"email": "gone@example.com", "password": "velvet-curtain-7"}
    replies = [api.post("auth/login", body) for body in (wrong, unknown, closed)]
    assert [reply.problem for reply in replies] == [(401, "NOT_AUTHENTICATED")] * 3
    assert len({reply.body for reply in replies}) == 1


def test_every_log_in_computes_one_hash(
    quick_api: ApiInProcess, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the hash takes long, so the time does not reveal whether an account exists."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
    make_user("asha@example.com", "velvet-curtain-7")
    make_user("gone@example.com", "velvet-curtain-7", is_active=False)
    rounds: list[bytes] = []
    hashpw = bcrypt.hashpw

    def counted(password: bytes, salt: bytes) -> bytes:
        rounds.append(salt[:7])
        return hashpw(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", counted)
    for email in ("asha@example.com", "gone@example.com", "nobody@example.com"):
        rounds.clear()
        wrong = quick_api.post("auth/login", {"email": email, "password": "another"})
        assert wrong.status == 401
        assert rounds == [b"$2b$12$"], email


def test_the_profile_is_read_and_changed(api: Api) -> None:
    user = make_user(phone="1")
    assert api.get("auth/profile", by=user).data["phone"] == "1"
    changed = api.call("PUT", "auth/profile", {"name": "Ravi", "unknown": 1}, by=user)
    assert (changed.status, changed.data["name"], changed.data["phone"]) == (200, "Ravi", "1")
    emptied = api.call("PUT", "auth/profile", {"phone": ""}, by=user)
    assert (emptied.data["name"], emptied.data["phone"]) == ("Ravi", None)
    assert api.call("PUT", "auth/profile", {"name": ""}, by=user).problem[0] == 400


def test_superusers_and_managers_who_work_here_are_admins(api: Api) -> None:
    people = [make_user(), make_user(is_staff=True), make_user(is_superuser=True)]
    people.append(make_user(is_superuser=True, is_staff=False))
    for works_here in (True, False):
        manager = make_user(is_staff=works_here)
        manager.groups.add(Group.objects.get_or_create(name=MANAGERS)[0])
        manager.refresh_from_db()
        people.append(manager)
    roles = [api.get("auth/profile", by=user).data["role"] for user in people]
    assert roles == ["user", "user", "admin", "user", "admin", "user"]


def test_a_manager_who_stops_working_here_has_no_admin_role_left(api: Api) -> None:
    manager = make_user(is_staff=True)
    manager.groups.add(Group.objects.get_or_create(name=MANAGERS)[0])
    manager.is_staff = False
    manager.save()
    manager.refresh_from_db()
    assert api.post("movies", {"title": "Her"}, by=manager).problem == (403, "FORBIDDEN")


def test_log_out_ends_this_token_and_no_other(api: Api, client: Client) -> None:
    user = make_user()
    token, other = issue_token(user), issue_token(user)
    client.force_login(user)
    assert api.post("auth/logout", by=token).status == 204
    assert api.get("auth/profile", by=token).problem == (401, "NOT_AUTHENTICATED")
    assert api.post("auth/logout", by=token).problem == (401, "NOT_AUTHENTICATED")
    assert api.get("auth/profile", by=other).status == 200
    assert client.get("/accounts/profile/").status_code == 200


def test_ended_tokens_are_forgotten_once_they_expired(api: Api) -> None:
    EndedToken.objects.create(jti=uuid.uuid4(), expires_at=timezone.now() - timedelta(days=1))
    assert api.post("auth/logout", by=make_user()).status == 204
    assert EndedToken.objects.count() == 1


def test_a_token_of_an_earlier_secret_is_good_while_the_secret_is_kept(
    quick_api: ApiInProcess, settings: Any
) -> None:
    token = issue_token(make_user())
    earlier, settings.JWT_SECRET = settings.JWT_SECRET, "a new secret of more than 32 characters"
    assert quick_api.get("auth/profile", by=token).status == 401
    settings.JWT_SECRET_FALLBACKS = ["one before that of 32 characters too", earlier]
    assert quick_api.get("auth/profile", by=token).status == 200


@pytest.mark.django_db
def test_a_token_has_the_claims_of_the_contract_and_nothing_secret() -> None:
    user = make_user("asha@example.com", "velvet-curtain-7")
    claims = jwt.decode(issue_token(user), deployed.JWT_SECRET, algorithms=["HS256"])
    assert claims.pop("exp") - claims.pop("iat") == 7 * 24 * 3600
    assert uuid.UUID(claims.pop("jti")).version == 4
    assert claims == {
        "userId": user.pk,
        "email": "asha@example.com",
        "role": "user",
        "tokenVersion": user.token_version,
        "otp": False,
    }


def forged(user: User, **changes: Any) -> dict[str, Any]:
    """Valid claims with changes. A timedelta means that time from now; None removes the claim."""
    now = timezone.now()
    claims = {"userId": user.pk, "email": user.email, "role": "user"}
    claims |= {"tokenVersion": user.token_version, "iat": now, "exp": now + timedelta(days=7)}
    claims |= {"jti": str(uuid.uuid4())}
    changes = {n: now + v if isinstance(v, timedelta) else v for n, v in changes.items()}
    return {name: value for name, value in (claims | changes).items() if value is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": timedelta(seconds=-1)},
        {"exp": None},
        {"iat": timedelta(hours=1)},
        {"nbf": timedelta(hours=1)},
        {"userId": 2**70},
        {"userId": "1"},
        {"userId": True},
        {"userId": None},
        {"tokenVersion": 99},
        {"tokenVersion": None},
        {"jti": None},
        {"jti": "1"},
        {"jti": 1},
        {"jti": ["x"]},
    ],
    ids=lambda changes: str(next(iter(changes.items())))[:30],
)
def test_a_token_with_wrong_claims_is_refused(
    quick_api: ApiInProcess, changes: dict[str, Any]
) -> None:
    user = make_user()
    right = jwt.encode(forged(user), deployed.JWT_SECRET, "HS256")
    assert quick_api.get("auth/profile", by=right).status == 200
    token = jwt.encode(forged(user, **changes), deployed.JWT_SECRET, "HS256")
    assert quick_api.get("auth/profile", by=token).problem == (401, "NOT_AUTHENTICATED")


def test_a_token_with_a_wrong_signature_is_refused(api: Api) -> None:
    user = make_user()
    tokens = [
        jwt.encode(forged(user), "another key of more than 32 characters", "HS256"),
        jwt.encode(forged(user), deployed.JWT_SECRET * 2, "HS512"),
        jwt.encode(forged(user), "", "none"),
        issue_token(user)[:-2],
        "no.token.this",
        "",
        "é",
    ]
    for token in tokens:
        reply = api.get("auth/profile", Authorization=f"Bearer {token}")
        assert reply.problem == (401, "NOT_AUTHENTICATED")
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert api.get("auth/profile", Authorization=issue_token(user)).status == 401


def test_a_token_dies_with_its_password_and_its_account(api: Api) -> None:
    user = make_user("asha@example.com", "velvet-curtain-7")
    token = issue_token(user)
    services.set_password(user=user, password="another-curtain-8")
    assert api.get("auth/profile", by=token).status == 401
    token = issue_token(user)
    # Django's own forms and commands do this.
    user.set_password("third-curtain-9")
    user.save()
    assert api.get("auth/profile", by=token).status == 401
    token = issue_token(user)
    assert api.get("auth/profile", by=token).status == 200
    delete_account(user=user)
    assert api.get("auth/profile", by=token).status == 401
    deleted = make_user()
    token = issue_token(deleted)
    deleted.delete()
    assert api.get("auth/profile", by=token).status == 401


def test_logging_in_does_not_end_other_tokens(api: Api) -> None:
    """Also not when the log-in stores the password again with a newer hasher."""
    user = make_user("asha@example.com", "velvet-curtain-7")
    token = issue_token(user)
    credentials = {"email": "asha@example.com", "password": "velvet-curtain-7"}
    fresh = api.post("auth/login", credentials).data["token"]
    assert User.objects.get().password.startswith("bcrypt_sha256$")
    assert api.get("auth/profile", by=token).status == 200
    assert api.get("auth/profile", by=fresh).status == 200


def test_a_website_session_is_not_accepted(api: Api, client: Any) -> None:
    client.force_login(make_user(is_superuser=True))
    cookie = f"{deployed.SESSION_COOKIE_NAME}={client.cookies[deployed.SESSION_COOKIE_NAME].value}"
    assert api.get("auth/profile", Cookie=cookie).status == 401
    assert api.post("movies", {"title": "Her"}, Cookie=cookie).status == 401
