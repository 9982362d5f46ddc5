import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from bookmyshow.core.email_key import account_hash
from bookmyshow.core.observability.logs import JsonFormatter
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
EMAIL, NAME = "asha@example.com", "Asha Rao"
STAFF = "staff@example.com"
PASSWORD, ANOTHER = "marquee lights 9", "a quieter lobby 7"
Entries = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def entries() -> Iterator[Entries]:
    """The entries of the security logger, in the format of production."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("security")
    logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    for secret in (EMAIL, NAME, STAFF, PASSWORD, ANOTHER):
        assert secret not in stream.getvalue()


@pytest.fixture
def asha() -> User:
    return make_user(EMAIL, PASSWORD, name=NAME)


@pytest.fixture
def staff() -> User:
    return User.objects.create_superuser(STAFF, PASSWORD, name="Ira")


def outcomes(entries: Entries) -> list[tuple[str, str]]:
    return [(entry["event"], entry["outcome"]) for entry in entries()]


def test_log_ins_and_their_failures(client: Client, asha: User, entries: Entries) -> None:
    wrong = {"username": EMAIL.upper(), "password": "wrong"}
    client.post("/accounts/login/", wrong, REMOTE_ADDR="203.0.113.9")
    client.post("/admin/login/", wrong)
    client.post("/api/auth/login", {"email": EMAIL, "password": "wrong"}, "application/json")
    client.post("/api/auth/login", {"email": EMAIL, "password": PASSWORD}, "application/json")
    client.post("/accounts/login/", {"username": EMAIL, "password": PASSWORD})
    client.post("/accounts/logout/")
    assert outcomes(entries) == [
        ("log-in", "refused"),
        ("log-in", "refused"),
        ("log-in", "refused"),
        ("log-in", "done"),
        ("log-in", "done"),
        ("log-out", "done"),
    ]
    assert {entry["account"] for entry in entries()} == {account_hash(EMAIL)}
    assert [entry["way"] for entry in entries()][:5] == ["site", "admin", "api", "api", "site"]
    first = entries()[0]
    assert (first["logger"], first["address"]) == ("security", "203.0.113.9")
    assert first["level"] == "WARNING"
    assert first["request_id"]


def test_an_attempt_beyond_the_limit_is_logged(
    client: Client, asha: User, entries: Entries, settings: Any
) -> None:
    settings.RATE_LIMITS = True
    for _ in range(11):
        client.post("/accounts/login/", {"username": EMAIL, "password": "wrong"})
    assert outcomes(entries)[-1] == ("password check", "limited")


def test_what_a_person_does_to_the_account(client: Client, asha: User, entries: Entries) -> None:
    client.force_login(asha)
    client.post("/accounts/profile/password/", {"password": "wrong", "new_password": ANOTHER})
    client.post("/accounts/profile/password/", {"password": PASSWORD, "new_password": ANOTHER})
    client.post("/accounts/profile/log-out-others/")
    client.get("/accounts/profile/export/")
    client.post("/accounts/password-reset/", {"email": EMAIL})
    client.post("/accounts/profile/delete/", {"password": ANOTHER})
    assert outcomes(entries)[1:-1] == [
        ("password check", "refused"),
        ("password change", "done"),
        ("log-out everywhere", "done"),
        ("export", "done"),
        ("password reset request", "done"),
        ("account deletion", "done"),
    ]


def test_a_new_account(client: Client, entries: Entries) -> None:
    client.post("/accounts/signup/", {"email": EMAIL, "name": NAME, "password": PASSWORD})
    assert outcomes(entries) == [("sign-up", "done"), ("log-in", "done")]


def test_what_staff_do_to_an_account(
    client: Client, asha: User, staff: User, entries: Entries
) -> None:
    client.force_login(staff)
    group = Group.objects.get(name="door")
    page = f"/admin/accounts/user/{asha.pk}"
    rights = {"email": EMAIL, "name": NAME, "is_active": "on", "is_staff": "on"}
    client.post(f"{page}/change/", rights | {"groups": [group.pk]})
    client.post(
        f"{page}/password/",
        {"usable_password": "true", "password1": ANOTHER, "password2": ANOTHER},
    )
    client.get("/admin/export/accounts/user/")
    changed, password, export = entries()[1:]
    assert (changed["event"], changed["what"]) == ("rights change", "is_staff, groups")
    assert password["event"] == "password change"
    for entry in (changed, password):
        assert (entry["account"], entry["by"]) == (account_hash(EMAIL), account_hash(STAFF))
    assert (export["event"], export["what"]) == ("export", "accounts.user")


def test_what_a_group_may_do(entries: Entries) -> None:
    group = Group.objects.get(name="door")
    group.permissions.clear()
    assert [entry["group"] for entry in entries()] == ["door"]
    assert outcomes(entries) == [("rights change", "done")]


def test_the_second_factor(client: Client, staff: User, entries: Entries, settings: Any) -> None:
    settings.STAFF_2FA = True
    client.force_login(staff)
    client.post("/accounts/two-factor/", {"code": "000000"})
    device = TOTPDevice.objects.create(user=staff, name="app", confirmed=True)
    client.force_login(User.objects.get(pk=staff.pk))
    client.post("/accounts/two-factor/", {"code": "000000"})
    body = {"email": STAFF, "password": PASSWORD, "code": "000000"}
    client.post("/api/auth/login", body, "application/json")
    call_command("reset_two_factor", STAFF)
    assert not TOTPDevice.objects.filter(pk=device.pk).exists()
    assert [pair for pair in outcomes(entries) if pair[0] != "log-in"] == [
        ("second factor", "refused"),
        ("second factor", "refused"),
        ("second factor", "refused"),
        ("second factor change", "done"),
    ]
