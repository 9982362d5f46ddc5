from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/accounts/two-factor/"


@pytest.fixture(autouse=True)
def two_factor_on(settings: Settings) -> None:
    settings.STAFF_2FA = True


@pytest.fixture(autouse=True)
def one_moment() -> Iterator[None]:
    """Codes change every half minute, and how long a guess is punished is a matter of seconds."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


@pytest.fixture
def staff() -> User:
    return User.objects.create_superuser("staff@example.com", "velvet-curtain-7", name="Ira")


@pytest.fixture
def client(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def code_of(device: TOTPDevice, *, steps: int = 0) -> str:
    """What the app shows now, or that many half minutes from now."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = totp.time + steps * device.step
    return f"{totp.token():06d}"


def enrolled(user: User) -> TOTPDevice:
    """A device that "000000" is no code of at any time near this one."""
    while True:
        device: TOTPDevice = TOTPDevice(user=user, name="app", confirmed=True)
        if all(code_of(device, steps=steps) != "000000" for steps in range(-2, 3)):
            device.save()
            return device


def api_log_in(client: Client, **body: str) -> Any:
    sent = {"email": "staff@example.com", "password": "velvet-curtain-7"} | body
    return client.post("/api/auth/login", sent, content_type="application/json")


def test_staff_set_it_up_once_and_then_the_admin_opens(client: Client, staff: User) -> None:
    sent_to = client.get("/admin/shows/show/?q=x")
    assert sent_to["Location"] == f"{PAGE}?next=%2Fadmin%2Fshows%2Fshow%2F%3Fq%3Dx"
    page = client.get(sent_to["Location"]).content.decode()
    assert "<svg" in page
    device = TOTPDevice.objects.get(user=staff)
    assert not device.confirmed
    assert client.get("/admin/").status_code == 302
    done = client.post(PAGE, {"code": code_of(device), "next": "/admin/shows/show/?q=x"})
    assert done["Location"] == "/admin/shows/show/?q=x"
    assert client.get("/admin/").status_code == 200
    device.refresh_from_db()
    assert device.confirmed


def test_a_new_session_owes_a_code_again_and_shows_no_secret(client: Client, staff: User) -> None:
    device = enrolled(staff)
    page = client.get(PAGE).content.decode()
    assert '<svg class="qr"' not in page
    assert "authenticator app" in page
    assert client.get("/door/")["Location"].startswith(PAGE)
    client.post(PAGE, {"code": f" {code_of(device)[:3]} {code_of(device)[3:]} "})
    assert client.get("/door/").status_code == 200


def test_a_code_opens_one_session_once(client: Client, staff: User) -> None:
    device = enrolled(staff)
    code = code_of(device)
    client.post(PAGE, {"code": code})
    other = Client()
    other.force_login(staff)
    assert other.post(PAGE, {"code": code}).status_code == 200
    assert other.get("/admin/").status_code == 302


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "٠٠٠٠٠٠", "1" * 12])
def test_a_wrong_code_opens_nothing(client: Client, staff: User, code: str) -> None:
    enrolled(staff)
    assert client.post(PAGE, {"code": code}).context["form"].errors
    assert client.get("/admin/").status_code == 302


def test_guessing_is_slowed_down(client: Client, staff: User) -> None:
    device = enrolled(staff)
    client.post(PAGE, {"code": "000000"})
    client.post(PAGE, {"code": code_of(device)})
    assert client.get("/admin/").status_code == 302


def test_customers_and_public_pages_are_never_asked(client: Client) -> None:
    assert client.get("/").status_code == 200
    customer = Client()
    customer.force_login(make_user())
    assert customer.get("/bookings/").status_code == 200
    assert customer.get(PAGE).status_code == 403


def test_the_way_on_stays_on_this_site(client: Client, staff: User) -> None:
    device = enrolled(staff)
    done = client.post(PAGE, {"code": code_of(device), "next": "https://elsewhere.example/"})
    assert done["Location"] == "/admin/"


def test_a_door_whose_session_owes_a_code_is_led_there_from_a_fragment(client: Client) -> None:
    reply = client.post("/door/1/", {"ticket": "x"}, headers={"HX-Request": "true"})
    assert reply["HX-Redirect"].startswith(PAGE)


def test_the_api_gives_an_admins_token_only_with_a_code(client: Client, staff: User) -> None:
    assert api_log_in(client).status_code == 401
    device = enrolled(staff)
    assert api_log_in(client, code="000000").status_code == 401
    device.throttle_reset()
    assert api_log_in(client, code=code_of(device)).status_code == 200


def test_the_api_asks_customers_for_no_code(client: Client) -> None:
    make_user("customer@example.com", "velvet-curtain-7")
    assert api_log_in(client, email="customer@example.com").status_code == 200


def test_with_the_setting_off_nobody_is_asked(client: Client, settings: Settings) -> None:
    settings.STAFF_2FA = False
    assert client.get("/admin/").status_code == 200
    assert api_log_in(client).status_code == 200


def test_a_lost_phone_is_forgotten_by_command(staff: User) -> None:
    enrolled(staff)
    call_command("reset_two_factor", "STAFF@example.com", dry_run=True)
    assert TOTPDevice.objects.exists()
    call_command("reset_two_factor", "STAFF@example.com")
    assert not TOTPDevice.objects.exists()
    with pytest.raises(CommandError):
        call_command("reset_two_factor", "nobody@example.com")
