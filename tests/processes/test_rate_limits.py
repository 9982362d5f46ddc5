from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.utils import timezone
from limits import parse

from accounts.login import attempts
from bookmyshow.core import rate_limits
from bookmyshow.core.rate_limits import Limit, RateLimited, count_attempt
from bookmyshow.core.templatetags.formatting import wait
from tests.support.api_client import ApiInProcess
from tests.support.deployed_site import free_port
from tests.support.factories import make_show, make_user

TWICE = Limit("test", parse("2 per hour"))
UNGUARDED = Limit("test-open", parse("2 per hour"), in_memory_fallback=False)
PASSWORD = "velvet-curtain-7"


@pytest.fixture(autouse=True)
def limits_on(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.RATE_LIMITS = True
    # However busy the machine is.
    monkeypatch.setattr(rate_limits, "SOCKET_SECONDS", 60)
    monkeypatch.setattr(rate_limits, "ASK_AGAIN_SECONDS", 3600)
    rate_limits._shared.cache_clear()
    rate_limits._own.cache_clear()
    rate_limits._outage = rate_limits._Outage()
    # On a slow machine the first attempts would leave the window of a minute before the last ones.
    # A whole second, so that waits are exact.
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False):
        yield
    rate_limits._shared.cache_clear()
    rate_limits._outage = rate_limits._Outage()


@pytest.fixture
def redis_down(settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"


def test_one_too_many_is_refused_with_the_wait() -> None:
    count_attempt(TWICE, "asha")
    count_attempt(TWICE, "asha")
    with pytest.raises(RateLimited) as refused:
        count_attempt(TWICE, "asha")
    # To the second.
    assert 3599 <= refused.value.retry_after <= 3601
    count_attempt(TWICE, "ravi")


def test_limits_can_be_turned_off(settings: Any) -> None:
    settings.RATE_LIMITS = False
    for _ in range(5):
        count_attempt(TWICE, "asha")


def test_without_redis_accounts_stay_guarded_and_booking_open(redis_down: None) -> None:
    for _ in range(2):
        count_attempt(TWICE, "asha")
        count_attempt(UNGUARDED, "asha")
    with pytest.raises(RateLimited):
        count_attempt(TWICE, "asha")
    count_attempt(UNGUARDED, "asha")


def test_a_dead_redis_is_not_asked_every_time(
    redis_down: None, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        count_attempt(UNGUARDED, "asha")
    assert len([r for r in caplog.records if "Redis does not answer" in r.message]) == 1


def log_in(api: ApiInProcess, email: str, password: str = "wrong") -> Any:
    return api.post("auth/login", {"email": email, "password": password})


def test_log_ins_are_limited_by_email(quick_api: ApiInProcess) -> None:
    make_user("asha@example.com", PASSWORD)
    tries = [log_in(quick_api, email) for email in ["asha@example.com", "Asha@Example.com"] * 5]
    assert {reply.status for reply in tries} == {401}
    refused = log_in(quick_api, "ASHA@example.com", PASSWORD)
    assert refused.problem == (429, "RATE_LIMITED")
    assert 0 < int(refused.headers["Retry-After"]) <= 300
    assert log_in(quick_api, "ravi@example.com").status == 401


def test_log_ins_are_limited_by_address(quick_api: ApiInProcess) -> None:
    statuses = [log_in(quick_api, f"person{number}@example.com").status for number in range(61)]
    assert (set(statuses[:60]), statuses[60]) == ({401}, 429)


def test_sign_ups_are_limited_by_email(quick_api: ApiInProcess) -> None:
    person = {"name": "Asha", "email": "asha@example.com", "password": PASSWORD}
    statuses = [quick_api.post("auth/signup", person).status for _ in range(11)]
    assert statuses == [201] + [409] * 9 + [429]


def test_holds_are_limited_by_person(quick_api: ApiInProcess) -> None:
    user, show = make_user(), make_show()
    body = {"showId": show.pk, "seats": [{"seatNumber": "A1"}]}
    statuses = [quick_api.post("bookings", body, by=user).status for _ in range(31)]
    assert (set(statuses[:30]), statuses[30]) == ({201}, 429)
    assert quick_api.post("bookings", body, by=make_user()).status == 409


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "fields", "attempts"),
    [
        ("/accounts/login/", {"username": "asha@example.com", "password": "wrong"}, 10),
        ("/accounts/signup/", {"email": "asha@example.com"}, 10),
        ("/accounts/password-reset/", {"email": "asha@example.com"}, 5),
    ],
)
def test_pages_share_the_limits_and_answer_the_designed_page(
    client: Client, address: str, fields: dict[str, str], attempts: int
) -> None:
    for _ in range(attempts):
        assert client.post(address, fields).status_code != 429
    refused = client.post(address, fields)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert f"Try again in {wait(int(refused['Retry-After']))}" in refused.content.decode()
    assert client.get(address).status_code == 200


def test_pages_and_api_count_together(client: Client, quick_api: ApiInProcess) -> None:
    for _ in range(10):
        log_in(quick_api, "asha@example.com")
    fields = {"username": "asha@example.com", "password": "wrong"}
    assert client.post("/accounts/login/", fields).status_code == 429


@pytest.mark.django_db
def test_a_page_that_holds_too_often_says_so_on_the_map(client: Client) -> None:
    user, show = make_user(), make_show()
    client.force_login(user)
    for _ in range(30):
        count_attempt(rate_limits.HOLDS_OF_PERSON, user.pk)
    refused = client.post(f"/shows/{show.pk}/hold/", {"seat": "A1"})
    assert refused.status_code == 429
    assert RateLimited.message in refused.content.decode()


def test_a_client_is_known_behind_a_trusted_proxy_only(settings: Any) -> None:
    def attempt(forwarded: str) -> None:
        headers = {"X-Forwarded-For": forwarded}
        request = RequestFactory().get("/", headers=headers)
        attempts.spend_secret(request, f"{forwarded}@example.com")

    for number in range(60):
        attempt(f"198.51.100.{number}")
    with pytest.raises(RateLimited):
        attempt("198.51.100.99")
