"""The site while its cache server is down or frozen, and after its return."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from redis.connection import Connection
from redis.exceptions import TimeoutError as NoAnswer

from bookings import services
from bookings.integrity.checks import find_breaches
from bookmyshow.core.cache import get_or_compute, outage
from tests.support.factories import make_movie, make_show, make_user
from tests.support.servers import OwnValkey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry the server sooner than in production, so that the tests are fast."""
    monkeypatch.setattr(outage, "RETRY_SECONDS", 0.2)


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def count_waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that gets an entry for each wait for the server that times out."""
    waits: list[str] = []

    def counting(name: str) -> None:
        wait = getattr(Connection, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            try:
                return wait(*args, **kwargs)
            except NoAnswer:
                waits.append(name)
                raise

        monkeypatch.setattr(Connection, name, counted)

    counting("read_response")
    return waits


def keeps(key: str, value: object) -> bool:
    cache.set(key, value)
    return cache.get(key) == value


def cache_works() -> bool:
    return keeps("probe", 1)


def test_browsing_holding_and_confirming_go_on_without_it(
    client: Client, own_valkey: OwnValkey, transactional_db: None
) -> None:
    show = make_show(movie=make_movie("Her"))
    user = make_user()
    client.force_login(user)
    until(cache_works)
    own_valkey.stop()
    assert "Her" in client.get("/").content.decode()
    assert client.get(show.movie.get_absolute_url()).status_code == 200
    assert "A1" in client.get(show.get_absolute_url()).content.decode()
    assert client.get("/admin/", follow=True).status_code == 200
    booking = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    assert services.confirm_booking(user=user, reference=booking.reference).status == "CONFIRMED"
    assert "A1" in client.get(booking.get_absolute_url()).content.decode()
    assert not list(find_breaches())


def test_people_stay_logged_in_while_it_is_gone_and_after(
    client: Client, own_valkey: OwnValkey
) -> None:
    user = make_user()
    client.force_login(user)
    own_valkey.stop()
    assert client.get("/accounts/profile/").status_code == 200
    own_valkey.start_again()
    until(cache_works)
    assert client.get("/accounts/profile/").status_code == 200


def test_it_is_used_again_by_itself_once_it_is_back(own_valkey: OwnValkey) -> None:
    own_valkey.stop()
    assert not cache_works()
    own_valkey.start_again()
    until(cache_works)


def test_a_frozen_server_costs_a_page_one_timeout_and_the_next_pages_none(
    client: Client, own_valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = count_waits(monkeypatch)
    make_show()
    client.force_login(make_user())
    client.get("/")
    until(cache_works)
    monkeypatch.setattr(outage, "RETRY_SECONDS", 3600)
    waits.clear()
    with own_valkey.frozen():
        assert client.get("/").status_code == 200
        # One read that times out, and one connection that can't be made.
        assert 1 <= len(waits) <= 2
        waits.clear()
        # A page makes fewer than these.
        for _ in range(20):
            cache.get("anything")
        assert client.get("/").status_code == 200
    assert waits == []


def test_a_delete_that_the_server_missed_is_repeated_before_the_next_read(
    own_valkey: OwnValkey,
) -> None:
    until(lambda: keeps("price", "old") and keeps("other", "kept"))
    with own_valkey.frozen():
        cache.delete("price")
    until(lambda: cache.get("other") == "kept")
    assert cache.get("price") is None


def test_a_log_out_while_it_is_frozen_is_not_undone_when_it_is_back(
    client: Client, own_valkey: OwnValkey
) -> None:
    client.force_login(make_user())
    assert client.get("/accounts/profile/").status_code == 200
    session = client.cookies["sessionid"].value
    with own_valkey.frozen():
        client.post("/accounts/logout/")
    until(cache_works)
    client.cookies["sessionid"] = session
    assert client.get("/accounts/profile/").status_code == 302


def test_without_the_cache_every_call_computes_the_value(own_valkey: OwnValkey) -> None:
    own_valkey.stop()
    assert [get_or_compute("costly", lambda n=n: n, seconds=60) for n in (1, 2)] == [1, 2]  # type: ignore[misc]
