"""An HTTP server that never finishes its answer."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

DRIP_SECONDS = 0.5


class StuckServer(socketserver.ThreadingTCPServer):
    """Each answer comes byte by byte, so that no time-out of the client ends it, until the client
    leaves or `stopped` is set.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, wanted: int) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.wanted = wanted
        self.connections = 0
        self._counting = threading.Lock()
        #: Set when `wanted` clients wait.
        self.is_stuck = threading.Event()
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def count(self) -> None:
        """One more client waits. Clients come at the same time."""
        with self._counting:
            self.connections += 1
            if self.connections >= self.wanted:
                self.is_stuck.set()


class _Answer(socketserver.BaseRequestHandler):
    server: StuckServer

    def handle(self) -> None:
        self.request.recv(65_536)
        self.request.sendall(b"HTTP/1.1 200 ")
        self.server.count()
        while not self.server.stopped.wait(DRIP_SECONDS):
            try:
                self.request.sendall(b"O")
            except OSError:
                return


@contextmanager
def stuck_server(wanted: int) -> Iterator[StuckServer]:
    """A server that tells when `wanted` clients wait for it."""
    with StuckServer(wanted) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
