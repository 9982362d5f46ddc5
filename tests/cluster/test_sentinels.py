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
from tests.cluster import caches
from tests.cluster.caches import Caches
from tests.cluster.database import until
from tests.cluster.network import Network, need_network
from tests.cluster.web_hosts import WebHosts

WORKING = ("worker", "beat")
# Few, because each mail takes its time, and all are waited for.
BUYERS = 2
SURELY_OFF = 1.0


@pytest.fixture
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WebHosts, Caches]]:
    need_network("nginx")
    with Network((*caches.NAMES, "web1", "db1", "client1")) as network:
        folder = tmp_path_factory.mktemp("sentinels")
        servers = Caches(network, network["client1"], folder)
        servers.start()
        web = WebHosts(network, folder, redis_url=caches.URL)
        web.start("web1")
        yield web, servers


def times(probe: Path) -> list[float]:
    """The moments at which the cache worked. The site's own log lines are left out."""
    return [float(line) for line in re.findall(r"(?m)^\d+\.\d+$", probe.read_text())]


def first_task(log: Path, after: float) -> float | None:
    """When the worker received its first task after this moment (Unix time). None: not yet."""
    for line in log.read_text().splitlines():
        if '"message": "Task' in line and line.endswith('received"}'):
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


def test_another_valkey_takes_over_and_each_mail_is_sent_once(
    hosts: tuple[WebHosts, Caches],
) -> None:
    web, servers = hosts
    host, commands = web.network["web1"], procfile()
    for name in WORKING:
        command = [sys.executable, *shlex.split(commands[name])[1:]]
        if name == "beat":
            command += ["--schedule", str(web.folder / "beat")]
        host.run(command, env=web.environment, log=web.folder / f"{name}.log")
    probe, worker = web.folder / "probe.log", web.folder / "worker.log"
    module = [sys.executable, "-m", "tests.cluster.cache_probe"]
    host.run(module, env=web.environment, log=probe)
    with web.shopping("http://10.0.0.21:8080", BUYERS) as running:
        running.wait_until_all_are_served()
        until(lambda: bool(probe.exists() and times(probe)), "a cache that works")
        until(lambda: first_task(worker, 0) is not None, "Celery")
        primary = servers.primary()
        off = primary.power_off()
        # A task that had been on its way may still come in this second.
        later = time.time() + SURELY_OFF - (time.monotonic() - off)
        until(lambda: any(at > off + SURELY_OFF for at in times(probe)), "the cache again")
        until(lambda: first_task(worker, later) is not None, "Celery again")
        running.wait_until_all_are_served()
    back = next(at for at in times(probe) if at > off + SURELY_OFF) - off
    task = (first_task(worker, later) or 0) - later + SURELY_OFF
    print(
        f"primary Valkey without power: the cache works again after {back:.1f} s,"
        f" Celery's first task after {task:.1f} s"
    )
    assert servers.primary() is not primary
    # The site went on selling meanwhile.
    assert [(a.what, a.status) for a in running.failures()] == []
    waiting = "SELECT count(*) FROM outbox_message WHERE sent_at IS NULL"
    until(lambda: web.query(waiting) == [(0,)], "all mails sent")
    ((written,),) = web.query("SELECT count(*) FROM outbox_message")
    assert web.broken_rules() == []
    found = mails(web.folder)
    assert len(found) == written
    assert set(found.values()) == {1}
