"""The host of the primary Valkey loses its power while people buy and get their mails."""

import json
import re
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from bookmyshow.site.management.commands.run_site import procfile
from tests.cluster.database import until
from tests.cluster.network import LONGEST_WAIT
from tests.cluster.web_hosts import WebHosts

# Only one, because each mail takes its time, and all are waited for.
BUYERS = 1
SURELY_OFF = 1.0
# The end of a line of the worker's log about a task that it took.
RECEIVED = "received"


def times(probe: Path) -> list[float]:
    """The moments at which the cache worked. The site's own log lines are left out."""
    return [float(line) for line in re.findall(r"(?m)^\d+\.\d+$", probe.read_text())]


def first_line(log: Path, words: str, after: float) -> float | None:
    """When (Unix time) the worker first logged a message with these words after this moment."""
    for line in log.read_text().splitlines():
        if words in line and line.startswith("{"):
            at = datetime.fromisoformat(json.loads(line)["time"]).timestamp()
            if at > after:
                return at
    return None


def mails(folder: Path) -> Counter[str]:
    """How many mails came for each Message-ID."""
    texts = [file.read_text(errors="replace") for file in (folder / "mail").glob("*")]
    return Counter(
        key for text in texts for key in re.findall(r"(?im)^message-id:\s*(<\S+>)", text)
    )


@pytest.fixture
def working(webs: WebHosts) -> Iterator[tuple[Path, Path]]:
    """A worker, beat and the probe run on web1. Yields the logs of the probe and the worker.

    No mail of another test waits.
    """
    webs.caches.repair()
    webs.query("DELETE FROM outbox_message")
    commands = {name: shlex.split(procfile()[name])[1:] for name in ("worker", "beat")}
    commands["beat"] += ["--schedule", str(webs.folder / "beat")]
    commands["probe"] = ["-m", "tests.cluster.cache_probe"]
    running = [
        webs.network["web1"].run(
            [sys.executable, *command], env=webs.environment, log=webs.folder / f"{name}.log"
        )
        for name, command in commands.items()
    ]
    yield webs.folder / "probe.log", webs.folder / "worker.log"
    for process in running:
        process.terminate()
    for process in running:
        process.wait(LONGEST_WAIT)


def test_another_valkey_takes_over_and_each_mail_is_sent_once(
    webs: WebHosts, working: tuple[Path, Path]
) -> None:
    servers, (probe, worker) = webs.caches, working
    until(lambda: bool(probe.exists() and times(probe)), "a cache that works")
    with webs.shopping("http://10.0.0.21:8080", BUYERS) as running:
        running.wait_until_all_are_served()
        until(lambda: first_line(worker, RECEIVED, 0) is not None, "Celery")
        primary = servers.primary()
        off = primary.power_off()
        began = time.time() - (time.monotonic() - off)
        chosen = until(lambda: servers.primary() is not primary, "another primary") - off
        until(lambda: any(at > off + SURELY_OFF for at in times(probe)), "the cache again")
        # A task that had been on its way may still come in the first second.
        later = began + SURELY_OFF
        until(lambda: first_line(worker, RECEIVED, later) is not None, "Celery again")
        running.wait_until_all_are_served()
    back = next(at for at in times(probe) if at > off + SURELY_OFF) - off
    noticed, connected, task = (
        (first_line(worker, words, later) or began) - began
        for words in ("Connection to broker lost", "Connected to", RECEIVED)
    )
    print(
        f"primary Valkey without power: the sentinels name another after {chosen:.1f} s; the cache"
        f" works again after {back:.1f} s; Celery noticed after {noticed:.1f} s, was connected"
        f" after {connected:.1f} s and had its first task after {task:.1f} s"
    )
    # The site went on selling meanwhile.
    assert [(a.what, a.status) for a in running.failures()] == []
    waiting = "SELECT count(*) FROM outbox_message WHERE sent_at IS NULL"
    until(lambda: webs.query(waiting) == [(0,)], "all mails sent")
    ((written,),) = webs.query("SELECT count(*) FROM outbox_message")
    assert webs.broken_rules() == []
    found = mails(webs.folder)
    assert len(found) == written
    assert set(found.values()) == {1}
