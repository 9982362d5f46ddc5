"""The process that pushes seat maps (bookmyshow.serving.live), which a test can kill and freeze."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bookmyshow.environment import ROOT
from tests.support.live_site import START_SECONDS, free_port, site_environment

COMMAND = [sys.executable, "-m", "bookmyshow.serving.live"]


class LiveProcess:
    """A process on its own port, on the tests' database and cache."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "live.log"
        self._environment = site_environment(folder, free_port()) | {"LIVE_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def setting(self) -> str:
        """The value of LIVE_URL for a site on the same host."""
        return f":{self.port}/live/"

    def start(self) -> None:
        """Start it and return at its first answer; nothing if it runs already."""
        if self._process is not None:
            return
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                COMMAND, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/live/healthz", timeout=30)
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"the live process did not start:\n{self.log.read_text()}")

    def kill(self) -> None:
        """SIGKILL: no stream is closed in order."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
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
