"""The process that pushes seat maps, on the tests' database, and streams that a test reads."""

import http.client
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from bookmyshow.environment import ROOT
from tests.support.live_site import START_SECONDS, free_port, site_environment

#: How long a test waits for an event before it fails.
PATIENCE_SECONDS = 60.0


@dataclass
class Pushing:
    """The process. `start` starts it again on the same port after it has ended."""

    environment: dict[str, str]
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process. Returns when it hears of changes."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bookmyshow.serving.live"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        self.wait_until(subscribed=True)

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/live/healthz", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def wait_until(self, **state: object) -> None:
        """Return when the health check answers these values."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                if self.health().items() >= state.items():
                    return
            except OSError:
                assert self.process is not None
                assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"not {state}: {self.log.read_text()}")

    def end(self, signum: int) -> None:
        assert self.process is not None
        self.process.send_signal(signum)
        self.process.wait(START_SECONDS)


@contextmanager
def pushing(folder: Path, **environment: str) -> Iterator[Pushing]:
    """Run the process on the tests' database. `environment` changes settings."""
    port = free_port()
    env = site_environment(folder, port) | {"LIVE_PORT": str(port), **environment}
    process = Pushing(env, port, folder / "live.log")
    process.start()
    try:
        yield process
    finally:
        assert process.process is not None
        process.process.kill()
        process.process.wait()


@dataclass
class Stream:
    """An open stream. A test reads it event by event."""

    answer: http.client.HTTPResponse
    #: What the stream said so far: ms until a browser opens it again; the number of heartbeats.
    retry: int = 0
    heartbeats: int = 0
    last_id: str = field(default="")

    @classmethod
    def open(cls, url: str, show_id: int, version: str = "", *, last_id: str = "") -> Self:
        """Open a stream as a browser does. Raises urllib.error.HTTPError."""
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_SECONDS)
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        path = f"/live/shows/{show_id}/seats/?v={version}"
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise urllib.error.HTTPError(path, answer.status, answer.reason, answer.headers, answer)
        stream = cls(answer)
        # The greeting. From now on the stream is among the watchers.
        assert stream._block() == {"retry": str(stream.retry)}
        return stream

    def next(self) -> dict[str, Any] | None:
        """The next event; `event` is its type. None if the stream has ended in order.

        Raises TimeoutError, and http.client.IncompleteRead or ConnectionResetError if it was cut.
        """
        while (block := self._block()) is not None:
            if "data" in block:
                self.last_id = block["id"]
                return {"event": block.get("event", "message"), **json.loads(block["data"])}
            self.heartbeats += 1
        return None

    def close(self) -> None:
        self.answer.close()

    def _block(self) -> dict[str, str] | None:
        """The fields up to the next empty line."""
        fields: dict[str, str] = {}
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            if not text:
                self.retry = int(fields.get("retry", self.retry))
                return fields
            name, _, value = text.partition(":")
            fields[name] = value.strip()
        return None
