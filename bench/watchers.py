"""Measures the live seat map: 10,000 watchers of 20 shows, while people hold seats."""

import json
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench import client, measures, worlds
from bench.data import Filler, World
from bench.report import Report
from bench.sites import LOG, SERVED, Database, Site, cpu_seconds, memory
from bench.worlds import Holds
from bookmyshow.embedded.ports import is_free
from bookmyshow.environment import ROOT

#: How many watch one show, and how many other shows there are for each that is watched.
WATCHERS, OF_SHOW, OTHERS = 10_000, 500, 19
#: Somebody holds seats of each watched show once in a second.
LATENCY_SECONDS = 20
#: A hold's clock is read under its locks, in the trip that commits it: this long before it lapses.
HOLD_SECONDS = 60 * int(SERVED["BOOKING_EXPIRY_MINUTES"])
FIRST_PORT = 18_500
PATIENCE_SECONDS = 120.0
#: Every stream is one file in the process that reads it, and one in the process that serves it.
OTHER_FILES = 300


@dataclass
class Live:
    """The process that pushes seat maps. It can be ended and started again on the same port."""

    environment: dict[str, str]
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def _running(self) -> psutil.Process:
        assert self.process is not None
        return psutil.Process(self.process.pid)

    def start(self) -> None:
        with open(LOG / "live.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bookmyshow.serving.live"],
                cwd=ROOT,
                env=self.environment | {"LIVE_PORT": str(self.port)},
                stdout=log,
                stderr=log,
            )

    def wait_until_it_hears(self) -> None:
        """Return when it answers and is subscribed. Raises RuntimeError if that takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/live/healthz", timeout=5) as answer:
                    if json.load(answer)["subscribed"]:
                        return
            except OSError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"{self.url} does not hear of changes: see {LOG}/live.log")

    def end(self, signum: int) -> subprocess.Popen[bytes]:
        assert self.process is not None
        self.process.send_signal(signum)
        return self.process

    def memory_kib(self) -> float:
        return memory(self._running)[0] * 1024

    def cpu_seconds(self) -> float:
        return cpu_seconds(self._running)


@contextmanager
def pushing(environment: dict[str, str]) -> Iterator[Live]:
    """Run the process that pushes seat maps."""
    live = Live(environment, next(p for p in range(FIRST_PORT, FIRST_PORT + 100) if is_free(p)))
    live.start()
    try:
        live.wait_until_it_hears()
        yield live
    finally:
        live.end(signal.SIGKILL).wait()


class Crowd:
    """A process with open seat maps (bench/crowd.py)."""

    def __init__(self, url: str, versions: dict[int, str], count: int) -> None:
        self.count = count
        command = [sys.executable, "-m", "bench.crowd", url, str(count), json.dumps(versions)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def events(self) -> list[tuple[int, dict[str, Any], list[float]]]:
        """What came since the last call: show, data, and a time for each stream that got it."""
        with tempfile.NamedTemporaryFile(prefix="crowd-") as file:
            self.ask(f"report {file.name}")
            return [json.loads(line) for line in Path(file.name).read_text().splitlines()]

    def wait_until_all_are_open(self) -> float:
        """Return the seconds that it took. Raises RuntimeError if it takes too long."""
        began = time.monotonic()
        while (state := self.ask("state"))["open"] < self.count:
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise RuntimeError(f"only {state['open']} streams are open: {state['problems']}")
            time.sleep(0.1)
        return time.monotonic() - began

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@contextmanager
def watching(live: Live, site_url: str, shows: list[int], count: int) -> Iterator[Crowd]:
    """A crowd whose streams are all open."""
    crowd = Crowd(live.url, {show: worlds.version(site_url, show) for show in shows}, count)
    try:
        crowd.wait_until_all_are_open()
        yield crowd
    finally:
        crowd.close()


def possible_watchers(wanted: int) -> int:
    """How many streams this user's limit of open files allows. The limit is raised if it may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        needed = max(hard, wanted + OTHER_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
    except (OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        needed = hard
    if needed < wanted + OTHER_FILES:
        print(f"  ! only {needed} files may be open (ulimit -Hn): fewer watchers", flush=True)
    return min(wanted, needed - OTHER_FILES)


def watchers(
    report: Report, site: Site, people: World, filler: Filler, database: Database, wanted: int
) -> None:
    """Run all measurements of the live seat map. 10,000 watch 20 of 400 shows."""
    count = possible_watchers(wanted)
    watched = max(count // OF_SHOW, 1)
    report.section(f"Live seat map, {count:,} watchers over {watched} shows")
    shows, others = filler.shows(watched, 500), filler.shows(watched * OTHERS, 250)
    with pushing(database.environment) as live:
        spread = Holds(people, [*shows, *others], 250)
        holds_beside(report, site, live, spread, shows, count)
        with watching(live, site.url, shows, count) as crowd:
            # Other people: a second hold of a person at a show would keep the end of the first.
            paced = Holds(people.turned(500), shows, 500, first=252)
            latencies(report, site, live, crowd, paced, filler)
            unheard(report, crowd, shows, filler)
            storms(report, live, crowd)
            agreement(report, site, crowd, shows)


def holds_beside(
    report: Report, site: Site, live: Live, holds: Holds, shows: list[int], count: int
) -> None:
    """Compare the rate of holds with and without watchers, and what a watcher takes of memory."""
    alone, beside, live_share = [], [], []
    each: float | None = None
    for _ in range(measures.ROUNDS):
        alone.append(measures.holding(site, holds))
        empty = live.memory_kib()
        with watching(live, site.url, shows, count) as crowd:
            each = each or (live.memory_kib() - empty) / count
            crowd.events()
            before = live.cpu_seconds()
            beside.append(measures.holding(site, holds))
            live_share.append((live.cpu_seconds() - before) / beside[-1].seconds)
            came = sum(len(times) for _, _, times in crowd.events())
        report.raw.setdefault("events beside holds", []).append(came)  # type: ignore[attr-defined]
    report.record("holds without watchers", alone, allowed=(measures.REDIRECT,))
    report.record("holds with watchers", beside, allowed=(measures.REDIRECT,))
    without, with_them = (statistics.median(r.rate for r in side) for side in (alone, beside))
    report.at_least(
        f"holds of {len(holds.shows)} shows, {len(shows)} of them watched ÷ without watchers",
        f"{with_them:.0f} ÷ {without:.0f}/s; the pushing process uses"
        f" {statistics.median(live_share):.0%} of a processor",
        with_them / without,
        0.9,
    )
    assert each is not None
    report.at_most("memory of a watcher, KiB", f"{each:.1f}", each, 15)


def latencies(
    report: Report, site: Site, live: Live, crowd: Crowd, holds: Holds, filler: Filler
) -> None:
    """Measure the time from a hold's commit until each watcher's socket has the event."""
    crowd.events()
    began, used = time.time(), live.cpu_seconds()
    requests = holds.take(len(holds.shows) * LATENCY_SECONDS * 2)
    pause = measures.CLIENTS / len(holds.shows) * 1000
    result = client.load(
        site.url, requests, clients=measures.CLIENTS, seconds=LATENCY_SECONDS, pause_ms=pause
    )
    holds.used(result)
    time.sleep(1)
    share = (live.cpu_seconds() - used) / (time.time() - began)
    report.record("holds that are watched", [result], allowed=(measures.REDIRECT,))
    committed = commits(filler, holds.shows, began)
    took: list[float] = []
    for show, data, times in crowd.events():
        for commit in {committed.pop((show, label), 0.0) for label in data["held"]} - {0.0}:
            took += [(at - commit) * 1000 for at in times]
    took.sort()
    expected = result.requests * crowd.count / len(holds.shows)
    if not took or len(took) < expected * 0.999:
        report.problems.append(f"watchers: {len(took)} of {expected:.0f} events came")
        return
    p50, p95, p99 = (took[int(len(took) * share)] for share in (0.5, 0.95, 0.99))
    measured = (
        f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, longest {took[-1]:.0f};"
        f" {result.rate:.0f} holds and {len(took) / result.seconds:,.0f} events a second,"
        f" {share:.0%} of a processor"
    )
    report.at_most("commit → socket, p95, ms", measured, p95, 60)
    report.at_most("commit → socket, p99, ms", f"{p99:.1f}", p99, 100)


def commits(filler: Filler, shows: list[int], since: float) -> dict[tuple[int, str], float]:
    """When each seat was held, by (show, label): the hold's own clock, just before its commit."""
    rows = filler.query(
        "SELECT show_id, unnest(seats), extract(epoch FROM expires_at)::float - %(hold)s"
        " FROM bookings_booking"
        " WHERE show_id = ANY(%(shows)s) AND created_at > to_timestamp(%(t)s)",
        hold=HOLD_SECONDS,
        shows=shows,
        t=since,
    )
    return {(show, label): at for show, label, at in rows}


def unheard(report: Report, crowd: Crowd, shows: list[int], filler: Filler) -> None:
    """Change one hold of each show by SQL, so that nothing is published.

    First the holds end now: only the read of every five seconds can find that. Then others end in
    eight seconds: by then the process knows when, and reads at that moment.
    """
    for name, seconds in (("a change that was not published", 0), ("a lapse, nobody acts", 8)):
        crowd.events()
        ended = filler.query(
            "UPDATE bookings_booking SET expires_at = clock_timestamp() + %(s)s * interval '1 s'"
            " WHERE id IN (SELECT max(id) FROM bookings_booking WHERE show_id = ANY(%(shows)s)"
            " AND status = 'PENDING' AND expires_at > now() GROUP BY show_id)"
            " RETURNING show_id, seats[1], extract(epoch FROM expires_at)::float",
            s=seconds,
            shows=shows,
        )
        due = {(show, label): at for show, label, at in ended}
        time.sleep(seconds + 7)
        late = []
        for show, data, times in crowd.events():
            for label in data["free"]:
                late += [at - due[show, label] for at in times if (show, label) in due]
        if len(late) != crowd.count:
            report.problems.append(f"{name}: {len(late)} of {crowd.count} watchers know it")
        else:
            report.at_most(
                f"{name}: until the last map is right, s",
                f"{max(late):.2f}, half of them {statistics.median(late):.2f}",
                max(late),
                5.0,
            )


def storms(report: Report, live: Live, crowd: Crowd) -> None:
    """End the process, by SIGKILL and by SIGTERM, and start it again: until all are back."""
    for name, signum in (("killed", signal.SIGKILL), ("ended by SIGTERM", signal.SIGTERM)):
        old = live.end(signum)
        if signum == signal.SIGTERM:
            # Its successor takes the port as soon as it does not listen any more.
            while not is_free(live.port):
                time.sleep(0.05)
        began = time.monotonic()
        live.start()
        old.wait(PATIENCE_SECONDS)
        crowd.wait_until_all_are_open()
        took = time.monotonic() - began
        report.at_most(
            f"the process is {name}: until all {crowd.count:,} are back, s", f"{took:.1f}", took, 15
        )


def agreement(report: Report, site: Site, crowd: Crowd, shows: list[int]) -> None:
    """Every watcher must show what the poll answers, and must have missed nothing on the way."""
    time.sleep(6)
    state = crowd.ask("state")
    for show in shows:
        shown = state["versions"][str(show)]
        if set(shown) != {worlds.version(site.url, show)}:
            report.problems.append(f"show {show}: watchers show {shown}")
    if state["problems"].get("gap"):
        report.problems.append(f"watchers: {state['problems']}")
    report.raw["crowd"] = {"problems": state["problems"], "cpu": state["cpu"]}
