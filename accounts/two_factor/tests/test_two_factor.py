import base64
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from accounts.models import RecoveryCode, User
from accounts.tokens import issue_token, user_of_token
from accounts.two_factor import recovery_codes
from tests.support.factories import make_user
from tests.support.races import at_once, meeting

pytestmark = pytest.mark.django_db
PAGE = "/accounts/two-factor/"
CODES = "/accounts/two-factor/codes/"


@pytest.fixture(autouse=True)
def two_factor_on(settings: Settings) -> None:
    settings.STAFF_2FA = True


@pytest.fixture(autouse=True)
def one_moment() -> Iterator[None]:
    """Stop the clock: codes change every 30 s, and the throttle of guesses lasts seconds."""
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


@pytest.fixture
def device(staff: User) -> TOTPDevice:
    """Request it before `client`, because setting it up ends existing sessions."""
    return enrolled(staff)


def posted(client: Client, code: str) -> int:
    return client.post(PAGE, {"code": code}).status_code


def code_of(device: TOTPDevice, *, steps: int = 0) -> str:
    """The code that the app shows now, or `steps` times 30 s from now."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = totp.time + steps * device.step
    return f"{totp.token():06d}"


def enrolled(user: User) -> TOTPDevice:
    """A device for which "000000" is a wrong code at all times close to now."""
    while True:
        device: TOTPDevice = TOTPDevice(user=user, name="app", confirmed=True)
        if all(code_of(device, steps=steps) != "000000" for steps in range(-2, 3)):
            device.save()
            user.refresh_from_db()
            return device


def shown_device(client: Client) -> TOTPDevice:
    """The app of a person who scanned the QR code of the page."""
    secret = client.get(PAGE).context["secret"].replace(" ", "")
    return TOTPDevice(key=base64.b32decode(secret).hex())


def api_log_in(client: Client, **body: str) -> Any:
    sent = {"email": "staff@example.com", "password": "velvet-curtain-7"} | body
    return client.post("/api/auth/login", sent, content_type="application/json")


def test_staff_set_it_up_once_and_then_the_admin_opens(client: Client, staff: User) -> None:
    sent_to = client.get("/admin/shows/show/?q=x")
    assert sent_to["Location"] == f"{PAGE}?next=%2Fadmin%2Fshows%2Fshow%2F%3Fq%3Dx"
    page = client.get(sent_to["Location"]).content.decode()
    assert "<svg" in page
    assert client.get("/admin/").status_code == 302
    sent = {"code": code_of(shown_device(client)), "next": "/admin/shows/show/?q=x"}
    done = client.post(PAGE, sent)
    assert done.context["next"] == "/admin/shows/show/?q=x"
    assert len(set(done.context["codes"])) == 10
    assert client.get("/admin/").status_code == 200
    assert TOTPDevice.objects.get(user=staff).confirmed


def test_looking_at_the_page_writes_nothing(client: Client) -> None:
    client.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        client.get(PAGE)
    assert not TOTPDevice.objects.exists()
    # A prepared statement has no text here; all prepared statements are reads.
    texts = [query["sql"] or "SELECT" for query in queries]
    assert [text for text in texts if not text.startswith("SELECT")] == []


def test_each_session_has_its_own_secret_until_it_is_set_up(client: Client, staff: User) -> None:
    other = Client()
    other.force_login(staff)
    assert shown_device(client).key == shown_device(client).key != shown_device(other).key


def test_setting_it_up_ends_other_sessions_and_tokens(client: Client, staff: User) -> None:
    other, token = Client(), issue_token(staff, otp=True)
    other.force_login(staff)
    client.post(PAGE, {"code": code_of(shown_device(client))})
    assert other.get("/accounts/profile/").status_code == 302
    assert user_of_token(token) is None
    assert client.get("/accounts/profile/").status_code == 200


def test_a_wrong_code_sets_up_nothing(client: Client) -> None:
    answer = client.post(PAGE, {"code": "12345x"})
    assert "not the code of this half minute" in answer.content.decode()
    # Without an app there are no recovery codes, so the page must not mention them.
    assert "recovery code" not in answer.content.decode()
    assert not TOTPDevice.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_setting_it_up_twice_at_once_makes_one_device(staff: User) -> None:
    """Both sessions find no device, then both save one. The second waits for the first."""
    sessions = [Client(), Client()]
    for session in sessions:
        session.force_login(staff)
    first, second = (
        partial(session.post, PAGE, {"code": code_of(shown_device(session))})
        for session in sessions
    )
    answers: list[Any] = []
    too_late: Any = meeting(lambda: answers.append(first()), second)
    assert len(answers[0].context["codes"]) == 10
    assert (too_late.status_code, too_late["Location"]) == (302, PAGE)
    assert TOTPDevice.objects.count() == 1
    fresh = Client()
    fresh.force_login(User.objects.get(pk=staff.pk))
    assert fresh.get(PAGE).status_code == 200


def test_a_new_session_owes_a_code_again_and_shows_no_secret(staff: User) -> None:
    device, client = enrolled(staff), Client()
    client.force_login(staff)
    page = client.get(PAGE).content.decode()
    assert '<svg class="qr"' not in page
    assert "authenticator app" in page
    assert client.get("/door/")["Location"].startswith(PAGE)
    client.post(PAGE, {"code": f" {code_of(device)[:3]} {code_of(device)[3:]} "})
    assert client.get("/door/").status_code == 200


def test_a_code_opens_one_session_once(device: TOTPDevice, client: Client, staff: User) -> None:
    code = code_of(device)
    client.post(PAGE, {"code": code})
    other = Client()
    other.force_login(staff)
    assert other.post(PAGE, {"code": code}).status_code == 200
    assert other.get("/admin/").status_code == 302


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "٠٠٠٠٠٠", "1" * 12])
def test_a_wrong_code_opens_nothing(device: TOTPDevice, client: Client, code: str) -> None:
    assert client.post(PAGE, {"code": code}).context["form"].errors
    assert client.get("/admin/").status_code == 302


def test_guessing_is_slowed_down(device: TOTPDevice, client: Client) -> None:
    client.post(PAGE, {"code": "000000"})
    client.post(PAGE, {"code": code_of(device)})
    assert client.get("/admin/").status_code == 302


def test_customers_and_public_pages_are_never_asked(client: Client) -> None:
    assert client.get("/").status_code == 200
    customer = Client()
    customer.force_login(make_user())
    assert customer.get("/bookings/").status_code == 200
    assert customer.get(PAGE).status_code == 403


def test_next_stays_on_this_site(device: TOTPDevice, client: Client) -> None:
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
    reply = api_log_in(client, code=code_of(device))
    assert reply.status_code == 200
    assert user_of_token(reply.json()["data"]["token"]) == staff


def test_a_token_got_without_a_code_is_void_for_staff(staff: User, settings: Settings) -> None:
    without, with_code = issue_token(staff), issue_token(staff, otp=True)
    assert user_of_token(without) is None
    assert user_of_token(with_code) == staff
    settings.STAFF_2FA = False
    assert user_of_token(without) == staff


def test_a_customers_token_is_not_an_admins_after_a_promotion(client: Client) -> None:
    customer = make_user("customer@example.com", "velvet-curtain-7")
    token = api_log_in(client, email="customer@example.com").json()["data"]["token"]
    assert user_of_token(token) == customer
    User.objects.filter(pk=customer.pk).update(is_staff=True, is_superuser=True)
    assert user_of_token(token) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["code of the app", "recovery code"])
def test_one_code_sent_to_six_sessions_at_once_opens_one(staff: User, kind: str) -> None:
    device = enrolled(staff)
    code = code_of(device) if kind == "code of the app" else recovery_codes.make(staff)[0]
    sessions = [Client() for _ in range(6)]
    for session in sessions:
        session.force_login(staff)
    answers = at_once(lambda number: posted(sessions[number], code), len(sessions))
    assert Counter(answers) == {200: 5, 302: 1}


def test_a_recovery_code_opens_the_staff_pages_once(
    device: TOTPDevice, client: Client, staff: User
) -> None:
    first, second, *_ = recovery_codes.make(staff)
    typed = first.lower().replace("-", " ").replace("0", "o")
    assert client.post(PAGE, {"code": typed}).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert "9 of 10 recovery codes left" in client.get(CODES).content.decode()
    other = Client()
    other.force_login(staff)
    assert other.post(PAGE, {"code": first}).status_code == 200
    assert other.get("/admin/").status_code == 302
    assert api_log_in(client, code=second).status_code == 200


def test_only_digests_of_recovery_codes_are_stored(staff: User) -> None:
    codes = recovery_codes.make(staff)
    kept = " ".join(RecoveryCode.objects.values_list("digest", flat=True)).upper()
    assert not any(code.replace("-", "") in kept or code in kept for code in codes)


def test_new_recovery_codes_need_a_code_and_void_the_old_ones(
    device: TOTPDevice, client: Client, staff: User
) -> None:
    old, other_old, *_ = recovery_codes.make(staff)
    assert client.get(CODES)["Location"].startswith(PAGE)
    client.post(PAGE, {"code": old})
    assert client.post(CODES, {"code": old, "do": "codes"}).context["form"].errors
    page = client.post(CODES, {"code": other_old, "do": "codes"})
    new = page.context["codes"]
    assert all(code in page.content.decode() for code in new)
    assert not any(recovery_codes.use(staff, code) for code in (old, other_old))
    assert recovery_codes.count_unused(staff) == len(new) == 10


def test_another_phone_is_set_up_in_place_of_the_old_one(
    device: TOTPDevice, client: Client, staff: User
) -> None:
    first, second, *_ = recovery_codes.make(staff)
    client.post(PAGE, {"code": first})
    reply = client.post(CODES, {"code": second, "do": "replace"})
    assert reply["Location"] == PAGE
    assert client.get("/admin/").status_code == 302
    assert not RecoveryCode.objects.exists()
    assert client.post(PAGE, {"code": code_of(shown_device(client))}).status_code == 200
    assert client.get("/admin/").status_code == 200


def test_the_admin_shows_no_secret_and_adds_no_device(
    device: TOTPDevice, client: Client, settings: Settings
) -> None:
    client.post(PAGE, {"code": code_of(device)})
    where = "/admin/otp_totp/totpdevice/"
    page = client.get(f"{where}{device.pk}/change/")
    assert page.status_code == 200
    assert device.key not in page.content.decode()
    assert client.get(f"{where}add/").status_code == 403
    for secret in ("config", "qrcode"):
        assert client.get(f"{where}{device.pk}/{secret}/").status_code in {302, 403, 404}


@pytest.mark.parametrize(
    "page", ["/admin/otp_totp/totpdevice/", "/admin/export/otp_totp/totpdevice/"]
)
def test_no_list_can_be_filtered_by_a_secret(
    device: TOTPDevice, client: Client, settings: Settings, page: str
) -> None:
    client.post(PAGE, {"code": code_of(device)})
    for begins in (device.key[:2], "zz"):
        assert client.get(page, {"key__startswith": begins}).status_code == 400
    assert client.get(page).status_code == 200


def test_only_staff_with_the_same_rights_remove_somebodys_app(
    device: TOTPDevice, settings: Settings
) -> None:
    settings.STAFF_2FA = False
    helper = make_user(is_staff=True)
    for codename in ("view_totpdevice", "delete_totpdevice"):
        helper.user_permissions.add(Permission.objects.get(codename=codename))
    helper.refresh_from_db()
    client, where = Client(), "/admin/otp_totp/totpdevice/"
    client.force_login(helper)
    assert client.post(f"{where}{device.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [device.pk], "post": "yes"}
    client.post(where, chosen)
    assert TOTPDevice.objects.filter(pk=device.pk).exists()


def test_the_api_asks_customers_for_no_code(client: Client) -> None:
    make_user("customer@example.com", "velvet-curtain-7")
    assert api_log_in(client, email="customer@example.com").status_code == 200


def test_with_the_setting_off_no_code_is_needed(client: Client, settings: Settings) -> None:
    settings.STAFF_2FA = False
    assert client.get("/admin/").status_code == 200
    assert api_log_in(client).status_code == 200


def test_the_command_removes_the_app_of_a_lost_phone(staff: User) -> None:
    enrolled(staff)
    call_command("reset_two_factor", "STAFF@example.com", dry_run=True)
    assert TOTPDevice.objects.exists()
    recovery_codes.make(staff)
    call_command("reset_two_factor", "STAFF@example.com")
    assert not TOTPDevice.objects.exists()
    assert not RecoveryCode.objects.exists()
    with pytest.raises(CommandError):
        call_command("reset_two_factor", "nobody@example.com")
