"""The network of the experiments: hosts reach each other, or not, and nothing of it stays."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bookmyshow.environment import ROOT
from tests.cluster.network import Host, Network, need_network

SERVE = "import http.server as s; s.test(s.SimpleHTTPRequestHandler, port=80)"
PATIENCE = 60


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    need_network()
    with Network(("db1", "web1", "web2")) as network:
        yield network


def reaches(one: Host, other: Host, *, seconds: float = 1) -> bool:
    """Whether a connection from one host to the other's port 80 opens."""
    with one.inside():
        try:
            socket.create_connection((other.address, 80), timeout=seconds).close()
        except OSError:
            return False
    return True


def until_it_reaches(one: Host, other: Host) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reaches(one, other):
        assert time.monotonic() < deadline


def serve(host: Host, folder: Path) -> subprocess.Popen[bytes]:
    return host.run([sys.executable, "-c", SERVE], log=folder / "log", cwd=folder)


def test_a_cut_is_between_two_hosts_only_and_can_be_undone(
    network: Network, tmp_path: Path
) -> None:
    db, web, other = network["db1"], network["web1"], network["web2"]
    serve(db, tmp_path)
    until_it_reaches(web, db)
    db.cut_off_from(web)
    assert not reaches(web, db)
    assert reaches(other, db, seconds=PATIENCE)
    db.rejoin()
    until_it_reaches(web, db)
    db.power_off()
    db.power_on()


def test_without_power_all_processes_of_a_host_are_gone_and_of_others_none(
    network: Network, tmp_path: Path
) -> None:
    db, web = network["db1"], network["web1"]
    kept, killed = serve(web, tmp_path), serve(db, tmp_path)
    until_it_reaches(db, web)
    db.power_off()
    assert killed.poll() == -signal.SIGKILL
    assert kept.poll() is None
    assert not reaches(db, web)
    db.power_on()
    until_it_reaches(db, web)
    web.power_off()
    web.power_on()


def test_nothing_stays_after_the_test_process_was_killed(tmp_path: Path) -> None:
    need_network()
    script = (
        "import sys, time; from pathlib import Path; from tests.cluster.network import Network\n"
        "with Network(('db1',)) as network:\n"
        "    run = network['db1'].run(['sh', '-c', 'trap : INT; sleep 600 & sleep 600; sleep 600'],"
        f" log=Path({str(tmp_path / 'log')!r}))\n"
        "    print(run.pid, network['db1'].namespace.holder.pid, flush=True)\n"
        "    time.sleep(600)"
    )
    victim = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ}
    )
    assert victim.stdout is not None
    with victim.stdout as answer:
        started = [psutil.Process(int(pid)) for pid in answer.readline().split()]
    assert len(started) == 2
    started += [child for process in started for child in process.children(recursive=True)]
    victim.kill()
    victim.wait()
    _gone, alive = psutil.wait_procs(started, timeout=PATIENCE)
    # Nobody may wait for them in a container whose process 1 does not do so: they stay as zombies.
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
