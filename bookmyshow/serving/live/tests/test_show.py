"""One watched show, with a series of readings instead of a database."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError

from bookmyshow.core.client_address import networks_of
from bookmyshow.serving.live import first_reads, snapshot
from bookmyshow.serving.live import hub as hubs
from bookmyshow.serving.live import show as shows
from bookmyshow.serving.live.hub import Hub
from bookmyshow.serving.live.pace import GAP_SECONDS, LONGEST_GAP_SECONDS, Pace
from bookmyshow.serving.live.places import Places, TooMany
from bookmyshow.serving.live.show import NotRead, WatchedShow
from bookmyshow.serving.live.snapshot import Snapshot
from shows.models import Show
from shows.seatmap import current as seatmap

LABELS = ("A1", "A2", "A3")
#: A map that needs no read for as long as a test takes.
LONG = 600.0
#: A loop keeps no tasks; these would be collected as garbage.
TASKS: list[asyncio.Task[None]] = []


def reading(states: str, *, good_for: float = LONG, price: int = 250) -> Snapshot:
    """A map with these states. Its version names them, as the real one is a hash of them."""
    return Snapshot(f"{states}-{price}", LABELS, states, (LABELS, price), good_for)


class Pipe(asyncio.WriteTransport):
    """A stream that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = self.written.decode().splitlines()
        return [json.loads(line.removeprefix("data: ")) for line in lines if line[:6] == "data: "]


class Database:
    """Answers each read with the next of these maps or errors, and the last one again and again."""

    def __init__(self, *answers: Snapshot | Exception) -> None:
        self._answers = list(answers)
        self.reads: list[float] = []
        #: Called once, during the next read.
        self.during_read: Callable[[], None] | None = None

    async def read(self, _show_id: int) -> Snapshot:
        self.reads.append(time.monotonic())
        if self.during_read:
            self.during_read()
            self.during_read = None
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def wait_for_reads(self, count: int) -> None:
        await until(lambda: len(self.reads) >= count)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 (there is no event)
        await asyncio.sleep(0.001)


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run the coroutine in a thread: in the tests' own thread Playwright may have a loop.

    A limit of time guards against a hang.
    """

    async def limited() -> None:
        await asyncio.wait_for(test(), LONG / 2)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, limited()).result()


async def followed(database: Database, *, shown: str = "") -> tuple[WatchedShow, Pipe]:
    """A show that is read by its task, and a stream that watches it."""
    show, stream = WatchedShow(1, database.read, Pace()), Pipe()
    TASKS.append(asyncio.create_task(show.follow()))
    current = await show.map_now()
    show.greet(stream, shown or current.version)
    return show, stream


def test_many_changes_in_a_moment_are_one_read_and_one_event() -> None:
    async def test() -> None:
        database = Database(reading("fff"), reading("hff"), reading("hhf"), reading("hhs"))
        began = time.monotonic()
        show, stream = await followed(database)
        # Without a pause in between: on a busy machine it might be longer than the gap.
        for _ in range(50):
            show.changed()
        await database.wait_for_reads(2)
        show.changed()
        await database.wait_for_reads(3)
        await until(lambda: len(stream.events) >= 2)
        _first, second, third = database.reads
        # A gap lasts from the moment before one read to the moment before the next.
        assert second - began >= GAP_SECONDS
        assert third - began >= 2 * GAP_SECONDS
        assert [event["held"] for event in stream.events] == [["A1"], ["A2"]]

    run(test)


def test_in_a_rush_shows_are_read_less_often_and_afterwards_as_before() -> None:
    pace = Pace()
    for _ in range(10):
        pace.adapt(0.95)
    assert pace.gap == LONGEST_GAP_SECONDS
    pace.adapt(0.5)
    assert pace.gap == LONGEST_GAP_SECONDS
    for _ in range(20):
        pace.adapt(0.2)
    assert pace.gap == GAP_SECONDS


def test_a_change_during_a_read_is_read_afterwards() -> None:
    async def test() -> None:
        database = Database(reading("fff"), reading("hff"), reading("hhf"))
        show, stream = await followed(database)
        database.during_read = show.changed
        show.changed()
        await until(lambda: len(stream.events) >= 2)
        assert [event["held"] for event in stream.events] == [["A1"], ["A2"]]

    run(test)


def test_a_lapse_is_read_when_it_is_due_and_nothing_before(monkeypatch: pytest.MonkeyPatch) -> None:
    # A map without holds would be read after five seconds. Here that is longer than the test runs.
    monkeypatch.setattr(seatmap, "POINTER_SECONDS", LONG)

    async def test() -> None:
        lapses_in = GAP_SECONDS + 0.2
        database = Database(reading("hff", good_for=lapses_in), reading("fff"))
        _, stream = await followed(database)
        await until(lambda: bool(stream.events))
        assert stream.events[0]["free"] == ["A1"]
        first, second = database.reads
        assert lapses_in < second - first < LONG

    run(test)


def test_who_shows_an_older_version_gets_one_difference_and_others_a_reload() -> None:
    async def test() -> None:
        database = Database(reading("fff"), reading("hff"), reading("hsf"), reading("hsf", price=9))
        show, _ = await followed(database)
        for reads in (2, 3):
            show.changed()
            await database.wait_for_reads(reads)
        await until(lambda: show.current == reading("hsf"))
        late, stranger = Pipe(), Pipe()
        show.greet(late, "fff-250")
        show.greet(stranger, "what is this")
        assert late.events == [
            {"from": "fff-250", "v": "hsf-250", "free": [], "held": ["A1"], "sold": ["A2"]}
        ]
        assert stranger.events == [{"v": "hsf-250"}]
        assert b"event: reload\n" in stranger.written
        # Another price: no difference leads there, not from any version.
        show.changed()
        await until(lambda: len(late.events) >= 2)
        after = Pipe()
        show.greet(after, "hsf-250")
        assert late.events[1] == after.events[0] == {"v": "hsf-9"}

    run(test)


def test_while_the_database_is_away_streams_stay_and_new_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shows, "RETRY_SECONDS", 0.01)

    async def test() -> None:
        away = OperationalError("the server is away")
        show = WatchedShow(1, Database(away).read, Pace())
        task = asyncio.create_task(show.follow())
        with pytest.raises(NotRead):
            await show.map_now()
        task.cancel()

        database = Database(reading("fff"), away, away, reading("hff"))
        show, stream = await followed(database)
        show.changed()
        await until(lambda: bool(stream.events))
        assert stream.events[0]["held"] == ["A1"]
        assert not stream.closed

    run(test)


def test_a_show_that_is_gone_ends_its_streams_and_is_not_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def test() -> None:
        hub = Hub(most_watchers=10)
        database = Database(reading("fff"), Show.DoesNotExist())
        monkeypatch.setattr(hub, "_read", database.read)
        stream = Pipe()
        show = hub.show(7)
        show.greet(stream, (await show.map_now()).version)
        hub.changed(7)
        await until(lambda: 7 not in hub.shows)
        assert stream.closed
        with pytest.raises(Show.DoesNotExist):
            hub.show(7)
        assert len(database.reads) == 2
        # A show with this id is made after all.
        hub.changed(7)
        assert hub.show(7) is not show
        hub.stop()

    run(test)


def test_an_error_in_the_code_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        hub = Hub(most_watchers=10)
        monkeypatch.setattr(hub, "_read", Database(ValueError("a bug")).read)
        with pytest.raises(NotRead):
            await hub.show(1).map_now()
        assert hub.shows == {}
        hub.stop()

    run(test)


def test_shows_that_nobody_watched_are_read_at_a_limited_rate_and_others_take_nothing_from_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("PER_SECOND", 0), ("AT_ONCE", 3), ("OTHERS_PER_SECOND", 0)):
        monkeypatch.setattr(first_reads, name, value)
    monkeypatch.setattr(first_reads, "OTHERS_AT_ONCE", 2)
    monkeypatch.setattr(snapshot, "coming_shows", lambda: {1, 2})

    async def test() -> None:
        hub = Hub(most_watchers=10)
        monkeypatch.setattr(hub, "_read", Database(reading("fff")).read)
        TASKS.append(asyncio.create_task(hub._know_coming()))
        await until(lambda: hub._first_reads._coming is not None)
        for unknown in range(100, 102):
            hub.show(unknown)
        for unknown in range(102, 150):
            with pytest.raises(TooMany):
                hub.show(unknown)
        # A show that is so new that it is not in the list: its first change was heard.
        hub.changed(3)
        watched = [hub.show(show_id) for show_id in (1, 2, 3)]
        hub.changed(4)
        with pytest.raises(TooMany):
            hub.show(4)
        # Others can still watch a show that is followed.
        assert hub.show(3) is watched[2]
        hub.stop()

    run(test)


def test_a_full_process_takes_a_place_from_the_network_that_has_the_most() -> None:
    places = Places(10)
    crowd = [Pipe() for _ in range(10)]
    for stream in crowd:
        places.take(stream, networks_of("203.0.113.7"))
    with pytest.raises(TooMany):
        places.take(Pipe(), networks_of("203.0.113.7"))
    others = [Pipe() for _ in range(5)]
    for stream in others:
        places.take(stream, networks_of("198.51.100.1"))
    assert [stream.closed for stream in crowd] == [False] * 5 + [True] * 5, "the newest ones"
    # Both have five. A sixth would only be taken back by the other.
    with pytest.raises(TooMany):
        places.take(Pipe(), networks_of("198.51.100.1"))
    third = Pipe()
    places.take(third, networks_of("192.0.2.1"))
    assert len(places) == 10
    assert not third.closed
    # Those that were cut say so later.
    for stream in [*crowd, *others, third]:
        places.leave(stream)
        places.leave(stream)
    assert len(places) == 0
    for address in ("203.0.113.7", "2001:db8::1"):
        places.take(Pipe(), networks_of(address))


def test_all_addresses_of_an_ipv6_customer_have_one_share_and_four_in_a_large_network() -> None:
    places = Places(20)
    alone = [Pipe() for _ in range(4)]
    for number, stream in enumerate(alone):
        places.take(stream, networks_of(f"2001:db8:1:2::{number:x}"))
    crowd = [Pipe() for _ in range(16)]
    for number, stream in enumerate(crowd):
        places.take(stream, networks_of(f"2001:db8:2:{number:x}::1"))
    for number in range(4):
        places.take(Pipe(), networks_of(f"198.51.100.{number}"))
    # The customer's /64 had four, the /48 had four for each of its shares: both gave up.
    left = [sum(not each.closed for each in some) for some in (alone, crowd)]
    assert sum(left) == 16
    assert left[0] <= 3
    assert left[1] <= 13


def test_while_the_process_ends_nobody_gets_a_place() -> None:
    places = Places(1)
    first = Pipe()
    places.take(first, networks_of("203.0.113.7"))
    places.most = 0
    with pytest.raises(TooMany):
        places.take(Pipe(), networks_of("198.51.100.1"))
    assert not first.closed


def test_in_a_rush_reads_as_a_precaution_are_rarer_and_lapses_are_read_in_time() -> None:
    pace = Pace()
    precaution, lapse = replace(reading("fff"), is_due=False), reading("hff")
    assert pace.until_read(precaution) == pace.until_read(lapse) == LONG
    for _ in range(10):
        pace.adapt(0.95)
    assert pace.until_read(precaution) == pytest.approx(LONG * LONGEST_GAP_SECONDS / GAP_SECONDS)
    assert pace.until_read(lapse) == LONG


def test_a_silent_stream_gets_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "HEARTBEAT_CHECK_SECONDS", 0.01)
    monkeypatch.setattr(hubs, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(snapshot, "coming_shows", frozenset)

    async def test() -> None:
        hub = Hub(most_watchers=10)
        monkeypatch.setattr(hub, "_read", Database(reading("fff")).read)
        hub.start()
        show, stream = hub.show(1), Pipe()
        show.greet(stream, (await show.map_now()).version)
        await until(lambda: b"event: beat\n" in stream.written)
        assert stream.events == []
        hub.stop()

    run(test)
