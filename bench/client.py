"""Sends requests with wrk, a compiled HTTP load generator (Debian's package), in one thread."""

import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("requests.lua")
# With `once`, wrk stops after this time at the latest, even if this process is killed.
LONGEST_SECONDS = 60


class NoClientError(Exception):
    """wrk is not installed."""


@dataclass(frozen=True)
class Result:
    """The result of one load. `seconds` is its length; p50 to `max` are latencies in milliseconds.

    `used`: how many requests were sent. It can be more than were given, because wrk starts again
    with the first. `broken`: connections that failed or timed out. With `once`, the latencies and
    `broken` are 0.
    """

    seconds: float
    requests: int
    used: int
    p50: float
    p95: float
    p99: float
    max: float
    broken: int
    statuses: dict[str, int]
    client_share: float
    """The share of one processor that wrk itself used."""

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    def share(self, status: int) -> float:
        return self.statuses.get(str(status), 0) / max(self.requests, 1)

    @property
    def errors(self) -> int:
        """The number of 5xx answers and broken connections."""
        return self.broken + sum(n for status, n in self.statuses.items() if status >= "500")


def check() -> str:
    """Return wrk's path. Raises NoClientError if it is not installed."""
    found = shutil.which("wrk")
    if not found:
        raise NoClientError("wrk is missing: on Debian and Ubuntu, apt-get install wrk")
    return found


def get(path: str, **headers: str) -> bytes:
    return _request("GET", path, headers, b"")


def post(path: str, body: str = "", **headers: str) -> bytes:
    headers.setdefault("Content_Type", "application/x-www-form-urlencoded")
    return _request("POST", path, headers, body.encode())


def _request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def load(
    url: str,
    requests: Iterable[bytes],
    *,
    clients: int = 16,
    seconds: float = 3,
    once: bool = False,
    pause_ms: float = 0,
) -> Result:
    """Send the requests with `clients` connections: again and again for `seconds`, or each `once`.

    Each client makes a random pause before a request; `pause_ms` is its mean. Raises RuntimeError
    if wrk fails.
    """
    everything = list(requests)
    with tempfile.NamedTemporaryFile(prefix="bench-") as file:
        file.write(b"".join(request + b"%%\n" for request in everything))
        file.flush()
        limit = len(everything) if once else 0
        duration = LONGEST_SECONDS if once else max(round(seconds), 1)
        command = [check(), "-t1", f"-c{min(clients, len(everything))}", f"-d{duration}s"]
        command += ["--timeout", "20s", "-s", str(SCRIPT), url, "--"]
        command += [file.name, str(limit), str(pause_ms)]
        used_before = _child_seconds()
        start = time.monotonic()
        output = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
        took = time.monotonic() - start
    line = next((s for s in output.stdout.splitlines() if s.startswith("RESULT ")), None)
    if line is None:
        raise RuntimeError(f"wrk failed: {output.stdout}{output.stderr}")
    share = (_child_seconds() - used_before) / took
    return Result(**json.loads(line.removeprefix("RESULT ")), client_share=share)


def _child_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
