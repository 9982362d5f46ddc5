"""Every place that checks a secret counts the tries, and an attacker can't lock the owner out."""

import ast
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.contrib.auth.hashers import (
    BCryptSHA256PasswordHasher,
    check_password,
    make_password,
)
from django.core import mail
from django.test import Client, RequestFactory
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.errors import TooManyPasswords
from accounts.login import hashers
from accounts.login.attempts import spend_email_check
from accounts.models import User
from accounts.outbox.sending import send_due
from bookmyshow.environment import ROOT
from tests.support.factories import make_user

PASSWORD = "velvet-curtain-7"
EMAIL = "asha@example.com"
LOG_IN, API_LOG_IN, ADMIN_LOG_IN = "/accounts/login/", "/api/auth/login", "/admin/login/"
NEW_PASSWORD = "marquee-lights-9"


@pytest.fixture(autouse=True)
def limits_on(settings: Any) -> None:
    settings.RATE_LIMITS = True


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser(EMAIL, PASSWORD, name="Asha")


@dataclass(frozen=True)
class Place:
    """A place that checks a secret: a request that tries one, and how often an address may try."""

    name: str
    address: str
    fields: dict[str, str]
    tries: int = 10
    logged_in: bool = False
    json: bool = False

    def try_once(self, client: Client) -> Any:
        kind: Any = {"content_type": "application/json"} if self.json else {}
        return client.post(self.address, self.fields, **kind)


WRONG = {"email": EMAIL, "password": "wrong"}
PLACES = [
    Place("log-in", LOG_IN, {"username": EMAIL, "password": "wrong"}),
    Place("log-in of the API", API_LOG_IN, WRONG, json=True),
    Place("log-in of the admin", ADMIN_LOG_IN, {"username": EMAIL, "password": "wrong"}),
    Place(
        "change of password",
        "/accounts/profile/password/",
        {"password": "wrong", "new_password": NEW_PASSWORD},
        logged_in=True,
    ),
    Place("deletion", "/accounts/profile/delete/", {"password": "wrong"}, logged_in=True),
    Place("second factor", "/accounts/two-factor/", {"code": "000000"}, logged_in=True),
    Place(
        "second factor of the API",
        API_LOG_IN,
        {"email": EMAIL, "password": PASSWORD, "code": "000000"},
        json=True,
    ),
    Place("email check of sign-up", "/accounts/signup/check/email/", {"email": EMAIL}, tries=60),
    Place("sign-up", "/accounts/signup/", {"email": EMAIL}),
    Place("reset", "/accounts/password-reset/", {"email": EMAIL}, tries=5),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_place_that_checks_a_secret_refuses_one_try_too_many(
    place: Place, client: Client, staff: User, settings: Any
) -> None:
    settings.STAFF_2FA = True
    TOTPDevice.objects.create(user=staff, name="app", confirmed=True)
    staff.refresh_from_db()
    if place.logged_in:
        client.force_login(staff)
    for _ in range(place.tries):
        assert place.try_once(client).status_code != 429
    refused = place.try_once(client)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


# For each call that checks a secret: the file, the function, and what counts the tries. Secrets
# made by the site have 128 bits or more, so guessing is hopeless.
CHECKS = {
    ("accounts/backends.py", "authenticate"): "spend_secret",
    ("accounts/services.py", "authenticate"): "PersonBackend",
    ("accounts/authentication.py", "authenticate"): "made by the site: a signed token",
    ("accounts/models.py", "check_password"): "its callers",
    ("accounts/forms.py", "check_password"): "spend_secret",
    ("accounts/two_factor/services.py", "verify_token"): "spend_code in its callers",
    ("accounts/login/devices.py", "loads"): "made by the site: a device opens nothing",
    ("accounts/email/confirmation.py", "loads"): "made by the site: a mailed link",
    ("accounts/push/browsers.py", "unsign"): "made by the site: a device opens nothing",
    ("shows/tell_me/links.py", "loads"): "made by the site: a mailed link",
    ("shows/waiting_room/passes.py", "unsign"): "made by the site: a pass",
    ("bookings/waiting_list/links.py", "loads"): "made by the site: a mailed link",
    ("bookings/guests/links.py", "loads"): "made by the site: a mailed link",
    ("bookings/guests/typed.py", "loads"): "made by the site: what the same browser typed",
    ("accounts/email/new_address_link.py", "loads"): "made by the site: a mailed link",
    ("accounts/tokens.py", "decode"): "made by the site: a signed token",
    ("bookings/tickets/services.py", "unsign"): "made by the site: a ticket",
    (
        "bookmyshow/site/metrics_page.py",
        "compare_digest",
    ): "made by the site: METRICS_TOKEN",
    ("bookings/payments/providers/razorpay.py", "compare_digest"): "a signature of 256 bits",
    # The keys of the payment sandbox are public, and no money is behind them.
    ("bookmyshow/payment_sandbox/stripe/api.py", "authenticate"): "public keys",
    ("bookmyshow/payment_sandbox/razorpay/api.py", "authenticate"): "public keys",
}
NAMES = {
    "authenticate",
    "check_password",
    "check_token",
    "compare_digest",
    "constant_time_compare",
    "unsign",
    "unsign_object",
    "verify_token",
}


def calls_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        owner = getattr(getattr(called, "value", None), "id", "")
        if name in NAMES or (owner, name) in {("signing", "loads"), ("jwt", "decode")}:
            yield name


def test_no_code_checks_a_secret_beside_the_listed_places() -> None:
    apps = ("accounts", "movies", "shows", "bookings", "bookmyshow")
    found = {
        (str(path.relative_to(ROOT)), name)
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if "tests" not in path.parts
        for name in calls_in(path)
    }
    assert found == CHECKS.keys()


def test_the_admins_own_change_of_password_is_the_sites(client: Client, staff: User) -> None:
    client.force_login(staff)
    answer = client.get("/admin/password_change/")
    assert answer["Location"] == "/accounts/profile/password/"


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in text)


def test_spellings_of_one_email_share_their_tries(client: Client, staff: User) -> None:
    for number in range(10):
        spelling = full_width(EMAIL[: number + 1]) + EMAIL[number + 1 :]
        assert client.post(LOG_IN, {"username": spelling, "password": "wrong"}).status_code == 200
    assert client.post(LOG_IN, {"username": EMAIL, "password": PASSWORD}).status_code == 429


def wrong_log_in(client: Client, address: str) -> int:
    fields = {"username": EMAIL, "password": "wrong"}
    return client.post(LOG_IN, fields, REMOTE_ADDR=address).status_code


def right_log_in(client: Client, address: str) -> int:
    fields = {"username": EMAIL, "password": PASSWORD}
    return client.post(LOG_IN, fields, REMOTE_ADDR=address).status_code


def test_tries_from_one_address_keep_nobody_out_elsewhere(staff: User) -> None:
    tries = [wrong_log_in(Client(), "198.51.100.7") for _ in range(12)]
    assert tries == [200] * 10 + [429] * 2
    assert right_log_in(Client(), "203.0.113.5") == 302


def test_an_account_has_a_cap_over_all_addresses_and_known_devices_pass(staff: User) -> None:
    known = Client()
    assert right_log_in(known, "203.0.113.5") == 302
    known.post("/accounts/logout/")
    tries = [wrong_log_in(Client(), f"198.51.100.{n // 10}") for n in range(100)]
    assert tries == [200] * 99 + [429]
    assert right_log_in(Client(), "192.0.2.1") == 429
    assert right_log_in(known, "203.0.113.5") == 302


def test_a_known_device_has_tries_of_its_own_but_not_endless_ones(staff: User) -> None:
    known = Client()
    assert right_log_in(known, "203.0.113.5") == 302
    known.post("/accounts/logout/")
    tries = [wrong_log_in(known, f"198.51.100.{n}") for n in range(11)]
    assert tries == [200] * 10 + [429]


def test_known_devices_of_one_address_have_a_limit_together(staff: User) -> None:
    devices = [Client() for _ in range(19)]
    for number, device in enumerate(devices):
        assert right_log_in(device, f"203.0.113.{number}") == 302
        device.post("/accounts/logout/")
    tries = [wrong_log_in(devices[n // 10], "198.51.100.7") for n in range(181)]
    assert tries == [200] * 180 + [429]
    assert right_log_in(devices[18], "198.51.100.8") == 302


def test_a_device_is_known_for_the_accounts_that_logged_in_with_it(staff: User) -> None:
    make_user("ravi@example.com", PASSWORD)
    device = Client()
    device.post(LOG_IN, {"username": "ravi@example.com", "password": PASSWORD})
    cookie = device.cookies[project_settings.DEVICE_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert "ravi" not in cookie.value
    device.post("/accounts/logout/")
    for _ in range(10):
        assert wrong_log_in(device, "198.51.100.7") == 200
    assert wrong_log_in(Client(), "198.51.100.7") == 429
    device.cookies[project_settings.DEVICE_COOKIE_NAME] = cookie.value[:-1] + "x"
    assert wrong_log_in(device, "198.51.100.7") == 429


@pytest.mark.django_db
def test_an_ipv6_site_with_many_networks_has_a_limit_too(rf: RequestFactory) -> None:
    check = "/accounts/signup/check/email/"

    def address(number: int) -> str:
        return f"2001:db8:1:{number:x}::1"

    def from_network(number: int) -> int:
        fields = {"email": f"p{number}@example.com"}
        return Client().post(check, fields, REMOTE_ADDR=address(number)).status_code

    visits = {from_network(number) for number in range(5)}
    for number in range(5, 4 * 60 - 5):
        spend_email_check(rf.post(check, REMOTE_ADDR=address(number)))
    visits |= {from_network(number) for number in range(4 * 60 - 5, 4 * 60)}
    assert visits == {200}
    assert from_network(9999) == 429


def test_what_a_sign_ups_other_fields_are_told_depends_on_no_account(
    client: Client, staff: User
) -> None:
    """A password that resembles the email is refused, whether or not the email has an account."""

    def answer(email: str) -> bytes:
        fields = {"email": email, "name": "Asha", "password": email}
        return client.post("/accounts/signup/check/password/", fields).content

    assert answer(EMAIL) == answer("usha@example.com")


class Full:
    """While the block runs, all places for hashing are taken."""

    def __enter__(self) -> None:
        for _ in range(hashers.AT_ONCE):
            assert hashers._places.acquire(blocking=False)

    def __exit__(self, *error: object) -> None:
        for _ in range(hashers.AT_ONCE):
            hashers._places.release()


@pytest.fixture
def bcrypt(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "accounts.login.hashers.BCryptHasher",
        "accounts.login.hashers.PBKDF2Hasher",
    ]


@pytest.mark.usefixtures("bcrypt")
@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_with_all_places_taken_a_log_in_is_asked_to_come_back(
    client: Client, staff: User, email: str
) -> None:
    with Full():
        page = client.post(LOG_IN, {"username": email, "password": PASSWORD})
        body = {"email": email, "password": PASSWORD}
        call = client.post(API_LOG_IN, body, content_type="application/json")
    assert (page.status_code, page["Retry-After"]) == (503, "2")
    assert "Many people are logging in" in page.text
    assert (call.status_code, call["Retry-After"]) == (503, "2")
    assert call.json()["error"]["code"] == "SERVICE_UNAVAILABLE"


@pytest.mark.usefixtures("bcrypt")
def test_hashes_at_once_are_no_more_than_half_of_the_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once, most = 0, 0
    lock, everyone_tried = threading.Lock(), threading.Barrier(project_settings.WEB_THREADS + 1)
    slow = BCryptSHA256PasswordHasher.encode

    def watched(*args: Any) -> str:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        everyone_tried.wait(60)
        with lock:
            at_once -= 1
        return slow(*args)

    def one() -> None:
        try:
            make_password(PASSWORD)
        except TooManyPasswords:
            refused.append(1)
            everyone_tried.wait(60)

    refused: list[int] = []
    monkeypatch.setattr(BCryptSHA256PasswordHasher, "encode", watched)
    threads = [threading.Thread(target=one) for _ in range(project_settings.WEB_THREADS)]
    for thread in threads:
        thread.start()
    everyone_tried.wait(60)
    for thread in threads:
        thread.join()
    assert most == hashers.AT_ONCE
    assert len(refused) == project_settings.WEB_THREADS - hashers.AT_ONCE


@pytest.mark.usefixtures("bcrypt")
def test_places_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> str:
        raise ValueError

    stored = make_password(PASSWORD)
    with monkeypatch.context() as patched:
        patched.setattr(BCryptSHA256PasswordHasher, "encode", fails)
        for _ in range(hashers.AT_ONCE + 1):
            with pytest.raises(ValueError):
                make_password(PASSWORD)
    assert all(check_password(PASSWORD, stored) for _ in range(hashers.AT_ONCE + 1))


def test_a_person_at_the_limit_can_log_in_after_a_reset_by_mail(staff: User) -> None:
    for n in range(100):
        wrong_log_in(Client(), f"198.51.100.{n // 10}")
    person = Client()
    assert right_log_in(person, "203.0.113.5") == 429
    person.post("/accounts/password-reset/", {"email": EMAIL})
    send_due()
    link = re.search(r"/accounts/password-reset/\S+", str(mail.outbox[0].body))
    assert link
    form = person.get(link[0], follow=True).redirect_chain[-1][0]
    assert person.post(form, {"new_password": PASSWORD}).status_code == 302
    assert right_log_in(person, "203.0.113.5") == 302
