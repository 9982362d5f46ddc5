import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from bookmyshow.core.cache.backend import OutageTolerantCache
from shows.models import Show
from shows.seatmap import current as seatmap
from tests.support.factories import begin, hall, lapse, make_booking, make_show, make_user

pytestmark = pytest.mark.django_db


Committed = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pointer lives longer than a test takes, even on a busy machine."""
    monkeypatch.setattr(seatmap, "POINTER_SECONDS", 600.0)


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Callable[..., Any]) -> Committed:
    """`with committed():` runs the commit hooks of its block, as outside of a test."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def poll(client: Client, show: Show, version: str = "") -> Any:
    return client.get(
        reverse("shows:seats", args=[show.pk]), {"v": version}, headers={"HX-Request": "true"}
    )


def version_in(response: Any) -> str:
    (version,) = re.findall(r'id="map-version" name="v" value="([^"]+)"', response.content.decode())
    return version


def tag(response: Any, label: str) -> str:
    (found,) = re.findall(rf'<input [^>]*id="s-{label}"[^>]*>', response.content.decode())
    return found


def test_a_poll_without_a_version_brings_the_map_and_with_the_current_one_nothing(
    client: Client,
) -> None:
    show = make_show()
    first = poll(client, show)
    assert first.status_code == 200
    again = poll(client, show, version_in(first))
    assert (again.status_code, again.content) == (204, b"")


@pytest.mark.usefixtures("unhurried")
def test_an_unchanged_poll_makes_no_query_and_does_not_depend_on_the_viewer(client: Client) -> None:
    show = make_show()
    client.force_login(make_user())
    version = version_in(poll(client, show))
    with CaptureQueriesContext(connection) as queries:
        response = poll(client, show, version)
    assert len(queries) == 0
    assert "Cookie" not in response.get("Vary", "")
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"


def test_an_unchanged_poll_whose_pointer_ran_out_is_still_unchanged(client: Client) -> None:
    show = make_show()
    version = version_in(poll(client, show))
    cache.delete(seatmap.pointer_key(show.pk))
    assert poll(client, show, version).status_code == 204


def test_a_changed_map_costs_the_same_queries_for_forty_seats_and_for_a_thousand(
    client: Client,
) -> None:
    def queries(plan: str) -> int:
        show = make_show(plan)
        make_booking(show, ["R1-1", "R1-2"])
        with CaptureQueriesContext(connection) as found:
            assert poll(client, show).status_code == 200
        return len(found)

    assert queries(hall(4, 10)) == queries(hall(25, 40)) == 2


def test_a_hold_a_sale_and_a_release_show_in_the_very_next_poll(
    client: Client, committed: Committed
) -> None:
    show, user = make_show(), make_user()
    version = version_in(poll(client, show))
    with committed():
        held = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    response = poll(client, show, version)
    assert response.status_code == 200
    assert "disabled" in tag(response, "A1")
    assert "A1, taken for now" in tag(response, "A1")
    with committed():
        services.confirm_booking(user=user, reference=held.reference)
    response = poll(client, show, version_in(response))
    assert 'aria-label="A1, taken"' in tag(response, "A1")
    with committed():
        services.cancel_booking(user=user, reference=held.reference)
    response = poll(client, show, version_in(response))
    assert "disabled" not in tag(response, "A1")
    assert version_in(response) == version, "the same seats make the same version again"


@pytest.mark.usefixtures("unhurried")
def test_the_pointer_never_outlives_the_next_lapse(client: Client) -> None:
    show = make_show()
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    Booking.objects.filter(pk=held.pk).update(
        created_at=timezone.now() - timedelta(minutes=1),
        expires_at=timezone.now() + timedelta(seconds=90),
    )
    poll(client, show)
    assert 0 < cache.pttl(seatmap.pointer_key(show.pk)) < 90_000  # type: ignore[attr-defined]


def test_a_lapsed_hold_reads_as_free_without_any_sweep(client: Client) -> None:
    show = make_show()
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    version = version_in(poll(client, show))
    lapse(held)
    cache.delete(seatmap.pointer_key(show.pk))  # as its time to live does at the lapse
    response = poll(client, show, version)
    assert response.status_code == 200
    assert "disabled" not in tag(response, "A1")


def test_the_pointer_lives_five_seconds_at_most(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = make_show()
    lifetimes: list[float] = []
    keep = OutageTolerantCache.set

    def noted(self: OutageTolerantCache, key: str, value: object, seconds: float) -> object:
        if key == seatmap.pointer_key(show.pk):
            lifetimes.append(seconds)
        return keep(self, key, value, seconds)

    monkeypatch.setattr(OutageTolerantCache, "set", noted)
    poll(client, show)
    # The time that the reading took is subtracted.
    assert [seconds <= 5 for seconds in lifetimes] == [True]
    assert cache.pttl(seatmap.pointer_key(show.pk)) <= 5000  # type: ignore[attr-defined]


@pytest.mark.parametrize("ending", ["begun", "cancelled"])
def test_a_show_that_began_or_was_cancelled_stops_the_poll_with_a_final_map(
    client: Client, ending: str
) -> None:
    show = make_show()
    version = version_in(poll(client, show))
    if ending == "begun":
        begin(show)
    else:
        Show.objects.filter(pk=show.pk).update(status=Show.Status.CANCELLED)
    seatmap.forget(show.pk)
    for shown in (version, "", version_in(poll(client, show))):
        response = poll(client, show, shown)
        assert response.status_code == 286
        assert ending in response.content.decode()
        assert "disabled" in tag(response, "A1")


@pytest.mark.usefixtures("unhurried")
def test_the_pointer_never_outlives_the_start_of_the_show(client: Client) -> None:
    show = make_show(starts_in=timedelta(seconds=90))
    poll(client, show)
    assert 0 < cache.pttl(seatmap.pointer_key(show.pk)) < 90_000  # type: ignore[attr-defined]


def test_a_show_that_does_not_exist_has_no_seats(client: Client) -> None:
    assert client.get(reverse("shows:seats", args=[999_999])).status_code == 404


def test_a_change_of_price_or_of_a_seat_is_a_new_version(client: Client) -> None:
    show = make_show()
    versions = {version_in(poll(client, show))}
    Show.objects.filter(pk=show.pk).update(standard_price=260)
    seatmap.forget(show.pk)
    versions.add(version_in(poll(client, show)))
    show.seats.filter(label="A1").update(is_wheelchair=True)
    seatmap.forget(show.pk)
    versions.add(version_in(poll(client, show)))
    assert len(versions) == 3


@pytest.fixture
def cache_down(settings: Any) -> None:
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"},
    }


def test_with_the_cache_server_down_polls_still_show_changes(
    client: Client, cache_down: None
) -> None:
    show = make_show()
    first = poll(client, show)
    assert first.status_code == 200
    assert poll(client, show, version_in(first)).status_code == 204
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert "disabled" in tag(poll(client, show, version_in(first)), "A1")


def test_a_worker_that_read_before_a_commit_does_not_publish_what_it_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    show = make_show()
    read = seatmap.read

    def read_then_commit(show_id: int) -> seatmap.Reading:
        reading = read(show_id)
        seatmap.forget(show_id)
        return reading

    monkeypatch.setattr(seatmap, "read", read_then_commit)
    seatmap.current_map(show.pk)
    assert seatmap.current_version(show.pk) is None


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("gets_the_lock", [True, False])
def test_a_worker_that_finds_the_lock_released_uses_the_cached_map(gets_the_lock: bool) -> None:
    """The reading worker finishes between the other worker's checks of the map and of the lock."""
    show = make_show()
    cache.set(seatmap.lock_key(show.pk), "another worker's", 60)
    readings: list[seatmap.SeatMap] = []

    def the_other_is_done(_: OutageTolerantCache, key: str, *args: Any) -> bool:
        patched.undo()
        cache.delete(key)
        readings.append(seatmap.current_map(show.pk))
        return gets_the_lock and cache.add(key, *args)

    with pytest.MonkeyPatch.context() as patched, CaptureQueriesContext(connection) as queries:
        patched.setattr(OutageTolerantCache, "add", the_other_is_done)
        found = seatmap.current_map(show.pk)
    assert readings == [found]
    assert len(queries) == 2, "the other's"
    assert cache.get(seatmap.lock_key(show.pk)) is None


@pytest.mark.usefixtures("unhurried")
@pytest.mark.django_db(transaction=True)
def test_many_viewers_at_once_make_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    show = make_show()
    read, slow = seatmap.read, Event()
    readings: list[int] = []

    def counted(show_id: int) -> seatmap.Reading:
        readings.append(show_id)
        slow.wait(0.2)
        return read(show_id)

    def look(_: int) -> str:
        try:
            return seatmap.current_map(show.pk).version
        finally:
            connection.close()

    monkeypatch.setattr(seatmap, "read", counted)
    monkeypatch.setattr(seatmap, "WAIT_SECONDS", 600.0)  # for busy machines
    monkeypatch.setattr(seatmap, "LOCK_SECONDS", 600.0)
    with ThreadPoolExecutor(8) as pool:
        versions = set(pool.map(look, range(8)))
    assert len(versions) == 1
    assert len(readings) == 1


def test_an_unknown_show_releases_the_lock(client: Client) -> None:
    for _ in range(2):
        assert client.get(reverse("shows:seats", args=[999_999])).status_code == 404
        assert cache.get(seatmap.lock_key(999_999)) is None


def test_a_failed_reading_releases_the_lock(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = make_show()

    def fail(_show_id: int) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(seatmap, "read", fail)
        with pytest.raises(OperationalError):
            seatmap.current_map(show.pk)
    assert cache.get(seatmap.lock_key(show.pk)) is None
