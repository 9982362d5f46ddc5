"""A release reloads gunicorn (HUP). No request during it may fail (docs/deploy.md)."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bookmyshow.environment import ROOT
from tests.support.deployed_site import free_port

APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@dataclass
class Gunicorn:
    """Gunicorn with the site's configuration and a small application that starts fast."""

    port: int
    process: "subprocess.Popen[bytes]"

    def workers(self) -> set[str]:
        pid = self.process.pid
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[Gunicorn]:
    port = free_port()
    process = start(tmp_path, port)
    server = Gunicorn(port, process)
    try:
        until(lambda: answers(server))
        yield server
    finally:
        process.terminate()
        process.wait(120)


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start gunicorn with an application in the folder. Its log is there too."""
    (folder / "quick.py").write_text(APPLICATION)
    environment = {"BIND": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "1"}
    command = [sys.executable, "-m", "gunicorn", "--pythonpath", str(folder), "quick:application"]
    with open(folder / "log", "wb") as log:
        return subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log
        )


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 300
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.02)


def is_told_to_stop(pid: str) -> bool:
    """Whether a SIGTERM waits for this process, which is frozen."""
    status = Path(f"/proc/{pid}/status").read_text()
    waiting = re.findall(r"(?m)^S(?:ig|hd)Pnd:\s*(\w+)$", status)
    return any(int(signals, 16) & 1 << (signal.SIGTERM - 1) for signals in waiting)


def answers(server: Gunicorn) -> bool:
    try:
        with server.connect() as client:
            ask(client)
            return is_answered(client)
    except OSError:
        return False


def ask(client: socket.socket) -> None:
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")


def is_answered(client: socket.socket) -> bool:
    received = b""
    while not received.endswith(b"\r\n\r\nok"):
        try:
            more = client.recv(4096)
        except OSError:
            return False
        if not more:
            return False
        received += more
    return True


def test_no_request_fails_while_a_worker_is_replaced(gunicorn: Gunicorn) -> None:
    before = gunicorn.workers()
    with gunicorn.connect() as kept:
        # The worker keeps this connection open for a while.
        ask(kept)
        assert is_answered(kept)
        gunicorn.reload()
        # Wait for a new worker. Both may run together only for a moment, so don't wait for two.
        until(lambda: bool(gunicorn.workers() - before))
        answered: list[bool] = []
        while gunicorn.workers() & before or len(answered) < 100:
            answered.append(answers(gunicorn))
            time.sleep(0.01)
    assert Counter(answered) == {True: len(answered)}
    until(lambda: not gunicorn.workers() & before)


def test_requests_that_wait_for_a_stopping_worker_are_answered(gunicorn: Gunicorn) -> None:
    (worker,) = gunicorn.workers()
    os.kill(int(worker), signal.SIGSTOP)
    waiting = [gunicorn.connect() for _ in range(20)]
    for client in waiting:
        ask(client)
    gunicorn.reload()
    until(lambda: is_told_to_stop(worker))
    os.kill(int(worker), signal.SIGCONT)
    assert [is_answered(client) for client in waiting] == [True] * 20


def test_a_second_site_on_the_same_port_says_so_and_ends(
    gunicorn: Gunicorn, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("second")
    second = start(folder, gunicorn.port)
    try:
        assert second.wait(120) == 1
    finally:
        second.kill()
    told = (folder / "log").read_text()
    assert f"Connection in use: ('127.0.0.1', {gunicorn.port})" in told
    assert answers(gunicorn)
