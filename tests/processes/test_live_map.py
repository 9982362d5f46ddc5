"""Streams of seat maps, by the real process (docs/spec.md §23)."""

import re
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from pytest_django import DjangoDbBlocker, Settings

from bench.watchers import Crowd
from bookings import services
from bookings.show_changes.services import cancel_show
from shows.models import Show
from shows.seatmap import current as seatmap
from tests.support.factories import begin, hall, lapse, make_show, make_user
from tests.support.live_process import LiveProcess, pushing
from tests.support.live_streams import PATIENCE_SECONDS, Stream
from tests.support.servers import OwnValkey

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def live(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LiveProcess]:
    with django_db_blocker.unblock(), pushing(tmp_path_factory.mktemp("live")) as process:
        yield process


def polled(show: Show) -> str:
    """The version that the seat map's poll answers."""
    answer = Client().get(reverse("shows:seats", args=[show.pk])).content.decode()
    (version,) = re.findall(r'id="map-version" name="v" value="([^"]+)"', answer)
    return str(version)


def refusal(live: LiveProcess, path: str) -> urllib.error.HTTPError:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{live.url}{path}")
    return refused.value


def test_hold_confirmation_and_cancellation_come_as_differences_between_the_polls_versions(
    live: LiveProcess,
) -> None:
    show, user = make_show(), make_user()
    versions = [polled(show)]
    stream = Stream.open(live.url, show.pk, versions[0])
    events = []
    held = services.hold_seats(user=user, show_id=show.pk, labels=["C4", "C5"])
    events.append(stream.next())
    versions.append(polled(show))
    services.confirm_booking(user=user, reference=held.reference)
    events.append(stream.next())
    versions.append(polled(show))
    services.cancel_booking(user=user, reference=held.reference)
    events.append(stream.next())
    versions.append(polled(show))
    seats, nobody = ["C4", "C5"], list[str]()
    assert events == [
        {"event": "message", "from": before, "v": after, "free": free, "held": held, "sold": sold}
        for before, after, free, held, sold in (
            (versions[0], versions[1], nobody, seats, nobody),
            (versions[1], versions[2], nobody, nobody, seats),
            (versions[2], versions[3], seats, nobody, nobody),
        )
    ]
    assert stream.last_id == versions[3]
    stream.close()


def test_everybody_gets_the_same_bytes_and_no_cookie_is_read_or_set(live: LiveProcess) -> None:
    show = make_show()
    version = polled(show)
    first, second = (Stream.open(live.url, show.pk, version) for _ in range(2))
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert first.next() == second.next()
    headers = first.answer.headers
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert "Set-Cookie" not in headers
    first.close()
    second.close()


def test_who_comes_back_gets_one_difference_since_the_last_event(live: LiveProcess) -> None:
    show = make_show()
    version = polled(show)
    stream = Stream.open(live.url, show.pk, version)
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    seen = stream.next()
    assert seen is not None
    watching = Stream.open(live.url, show.pk, seen["v"])
    stream.close()
    for label in ("A2", "A3"):
        services.hold_seats(user=make_user(), show_id=show.pk, labels=[label])
        watching.next()
    # The browser asks for the address that it knows, with the id of the last event.
    back = Stream.open(live.url, show.pk, version, last_id=seen["v"]).next()
    assert back is not None
    assert (back["from"], back["v"], back["held"]) == (seen["v"], polled(show), ["A2", "A3"])
    unknown = Stream.open(live.url, show.pk, "0123456789abcdef0123").next()
    assert unknown == {"event": "reload", "v": polled(show)}


def test_a_change_of_the_price_asks_pages_for_the_whole_map(live: LiveProcess) -> None:
    show = make_show()
    stream = Stream.open(live.url, show.pk, polled(show))
    show.standard_price += 10
    show.save()
    assert stream.next() == {"event": "reload", "v": polled(show)}


def test_a_change_that_nobody_published_is_found_by_the_read_of_every_five_seconds(
    live: LiveProcess,
) -> None:
    show = make_show()
    version = polled(show)
    stream = Stream.open(live.url, show.pk, version)
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["B2"])
    stream.next()
    # By SQL: nothing is published.
    lapse(held)
    event = stream.next()
    assert event is not None
    assert (event["free"], event["v"]) == (["B2"], version)


def test_the_last_event_of_a_show_that_begins_is_a_reload(live: LiveProcess) -> None:
    show = make_show()
    stream = Stream.open(live.url, show.pk, polled(show))
    begin(show)
    seatmap.forget(show.pk)
    event = stream.next()
    assert event is not None
    assert event["event"] == "reload"
    assert seatmap.is_final(event["v"])
    assert stream.next() is None
    # A page with the final map is told to stop, another one to get it.
    with pytest.raises(urllib.error.HTTPError) as ended:
        Stream.open(live.url, show.pk, event["v"])
    assert ended.value.code == 204
    late = Stream.open(live.url, show.pk, "0123456789abcdef0123")
    assert late.next() == event
    assert late.next() is None


def test_a_cancelled_show_ends_its_streams(live: LiveProcess) -> None:
    show = make_show()
    stream = Stream.open(live.url, show.pk, polled(show))
    cancel_show(by=make_user(is_staff=True, is_superuser=True), show_id=show.pk)
    event = stream.next()
    assert event is not None
    assert event == {"event": "reload", "v": polled(show)}
    assert stream.next() is None


def test_other_addresses_methods_and_shows_are_refused_with_words(live: LiveProcess) -> None:
    post = urllib.request.Request(f"{live.url}/live/shows/1/seats/", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(post)
    assert (refused.value.code, refused.value.headers["Allow"]) == (405, "GET")
    for path in ("/", "/live/shows/x/seats/", f"/live/shows/{10**18}/seats/", "/shows/1/seats/"):
        assert refusal(live, path).code == 404
    # More often than shows may be read that nobody watched: it is not read each time.
    unknown = refusal(live, "/live/shows/999999999/seats/")
    assert unknown.read() == b"There is no such show.\n"
    assert {refusal(live, "/live/shows/999999999/seats/").code for _ in range(300)} == {404}


def test_a_slow_reader_is_cut_and_keeps_nobody_waiting(live: LiveProcess) -> None:
    show = make_show(hall(40, 25))
    quick = Stream.open(live.url, show.pk, polled(show))
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", urlsplit(live.url).port))
    slow.send(f"GET /live/shows/{show.pk}/seats/?v={polled(show)} HTTP/1.1\r\n\r\n".encode())
    live.wait_until(watchers=2)
    user, seats = make_user(), show.seats
    own = seats.first()
    assert own is not None
    held = services.hold_seats(user=user, show_id=show.pk, labels=[own.label])
    quick.next()
    # Some 15 turns, or more where the kernel keeps more for a connection.
    for turn in range(600):
        # A thousand seats at once, so that an event has some 7 kB.
        seats.exclude(pk=own.pk).update(booking=None if turn % 2 else held)
        seatmap.forget(show.pk)
        assert quick.next() is not None
        if live.health()["watchers"] == 1:
            break
    else:
        pytest.fail("the slow reader is still there")
    slow.close()
    quick.close()


def test_a_connection_that_sends_more_than_one_request_of_usual_length_is_cut(
    live: LiveProcess,
) -> None:
    show = make_show()
    stream = f"GET /live/shows/{show.pk}/seats/ HTTP/1.1\r\n\r\n".encode()
    # Each of them would be kept in memory until the stream ends.
    assert answer_to(live, stream + 1000 * b"GET / HTTP/1.1\r\n\r\n") in {b"", b"HTTP/1.1 200 OK"}
    long = b"GET /live/healthz HTTP/1.1\r\n" + 3000 * b"X: 45678901234567890\r\n" + b"\r\n"
    assert answer_to(live, long) == b""
    assert answer_to(live, b"GET /live/healthz HTTP/1.1\r\n\r\n") == b"HTTP/1.1 200 OK"
    assert "Traceback" not in live.log.read_text()


def answer_to(live: LiveProcess, sent: bytes) -> bytes:
    """The first line of what a connection answers, until the process closes it."""
    with socket.create_connection(("127.0.0.1", live.port), timeout=PATIENCE_SECONDS) as client:
        answer = b""
        try:
            client.sendall(sent)
            while part := client.recv(65_536):
                answer += part
        except ConnectionError:
            pass
    return answer.partition(b"\r\n")[0]


def test_too_many_streams_and_too_many_shows_at_once_are_sent_back_to_the_poll(
    tmp_path: Path,
) -> None:
    show = make_show()
    metrics = tmp_path / "metrics"
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(metrics), "TRUSTED_PROXIES": "127.0.0.1"}
    with pushing(tmp_path, LIVE_WATCHERS="40", **shared) as live:
        streams = [Stream.open(live.url, show.pk, polled(show)) for _ in range(40)]
        path = f"/live/shows/{show.pk}/seats/"
        full = refusal(live, path)
        assert (full.code, full.headers["Retry-After"]) == (503, "5")
        # A client of another network, which the trusted proxy names, gets a place of this one.
        elsewhere = Stream.open(live.url, show.pk, polled(show), address="2001:db8::7")
        live.wait_until(watchers=40)
        assert counted(metrics, "bookmyshow_live_refused_total", reason="shared") == 1
        assert streams.pop().next() is None, "the newest one was cut"
        assert refusal(live, path).code == 503
        elsewhere.close()
        live.wait_until(watchers=39)
        streams.append(Stream.open(live.url, show.pk, polled(show)))
        assert counted(metrics, "bookmyshow_live_refused_total", reason="full") == 2
        wait_until(lambda: counted(metrics, "bookmyshow_live_watchers") == 40)
        # Each stream has its own time to come back.
        assert len({stream.retry for stream in streams}) > 20
        streams.pop().close()
        answers = [refusal(live, f"/live/shows/{10**9 + n}/seats/").code for n in range(400)]
        assert set(answers) == {404, 503}
        # SIGTERM: no new connections; the streams end in order, one slice after the other.
        ends: list[float] = []
        readers = [threading.Thread(target=note_end, args=(each, ends)) for each in streams]
        for reader in readers:
            reader.start()
        live.end(signal.SIGTERM)
        for reader in readers:
            reader.join()
        assert len(ends) == len(streams)
        assert max(ends) - min(ends) > 1
        assert counted(metrics, "bookmyshow_live_watchers") == 0


def counted(folder: Path, name: str, **labels: str) -> float | None:
    """A metric of all processes that share the folder."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    return registry.get_sample_value(name, labels)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def note_end(stream: Stream, ends: list[float]) -> None:
    if stream.next() is None:
        ends.append(time.monotonic())


def test_without_the_cache_server_the_map_stays_right_and_later_changes_are_heard_again(
    tmp_path: Path, settings: Settings, own_valkey: OwnValkey
) -> None:
    show = make_show()
    with pushing(tmp_path, REDIS_URL=own_valkey.url) as live:
        stream = Stream.open(live.url, show.pk, polled(show))
        own_valkey.stop()
        live.wait_until(subscribed=False)
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
        event = stream.next()
        assert event is not None
        assert event["held"] == ["A1"]
        own_valkey.start_again()
        live.wait_until(subscribed=True)
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["A2"])
        event = stream.next()
        assert event is not None
        assert event["held"] == ["A2"]
        stream.close()


def test_all_come_back_after_a_crash_and_show_what_the_poll_answers(tmp_path: Path) -> None:
    shows = [make_show() for _ in range(5)]
    with pushing(tmp_path) as live:
        crowd = Crowd(live.url, {show.pk: polled(show) for show in shows}, 200)
        try:
            crowd.wait_until_all_are_open()
            live.end(signal.SIGKILL)
            for show in shows:
                services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
            live.start()
            crowd.wait_until_all_are_open()
            wanted = {str(show.pk): {polled(show): 40} for show in shows}
            deadline = time.monotonic() + PATIENCE_SECONDS
            while (state := crowd.ask("state"))["versions"] != wanted:
                assert time.monotonic() < deadline, state
                time.sleep(0.1)
        finally:
            crowd.close()
