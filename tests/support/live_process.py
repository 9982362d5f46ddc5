"""The process that pushes seat maps (bookmyshow.serving.live), which a test can kill and freeze."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bookmyshow.environment import ROOT
from tests.support.deployed_site import START_SECONDS, free_port, site_environment

COMMAND = [sys.executable, "-m", "bookmyshow.serving.live"]


class LiveProcess:
    """A process on its own port, on the tests' database and cache. `environment`: its settings."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self.log = folder / "live.log"
        self._environment = (
            site_environment(folder, free_port()) | {"LIVE_PORT": str(self.port)} | environment
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def setting(self) -> str:
        """The value of LIVE_URL for a site on the same host."""
        return f":{self.port}/live/"

    def start(self) -> None:
        """Start it and return when it hears of changes; nothing if it runs already."""
        if self._process is not None:
            return
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                COMMAND, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        self.wait_until(subscribed=True)

    def health(self) -> dict[str, Any]:
        """What the health check answers. Raises OSError."""
        with urllib.request.urlopen(f"{self.url}/live/healthz", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def wait_until(self, **state: object) -> None:
        """Return when the health check answers these values. Raises RuntimeError."""
        deadline = time.monotonic() + START_SECONDS
        assert self._process is not None
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if state.items() <= self.health().items():
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the live process is not {state}:\n{self.log.read_text()}")

    def kill(self) -> None:
        """SIGKILL: no stream is closed in order."""
        self.end(signal.SIGKILL)

    def end(self, signum: int) -> None:
        """End it by this signal, if it runs."""
        if self._process is not None:
            self._process.send_signal(signum)
            self._process.wait(START_SECONDS)
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While the block runs, its connections stay open and nothing comes."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)


@contextmanager
def pushing(folder: Path, **environment: str) -> Iterator[LiveProcess]:
    """Run the process; `environment` changes settings."""
    process = LiveProcess(folder, **environment)
    try:
        process.start()
        yield process
    finally:
        process.kill()
