"""A connection between a browser and a site that a test can cut.

Playwright's `set_offline` does not reach every request of a service worker at the same moment, and
is over when the browser is restarted. Here the browser talks to a port of its own, which passes
everything on to the site, refuses connections (`cut`), takes them and stays silent (`hang`), or
answers each request like a proxy whose site is away (`fail`).
"""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from tests.support.deployed_site import free_port

BYTES = 65536
BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Line:
    """`url` is the site's address through this line."""

    def __init__(self, site_url: str) -> None:
        target = urlsplit(site_url)
        self._target = (str(target.hostname), int(target.port or 80))
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._is_silent = self._is_failing = False
        self._server: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.restore()

    def restore(self) -> None:
        """Pass everything on, from now on."""
        self._is_silent = self._is_failing = False
        self._end_open()
        if self._server is None:
            self._server = socket.create_server(("127.0.0.1", self._port), backlog=64)
            threading.Thread(target=self._accept, args=[self._server], daemon=True).start()

    def cut(self) -> None:
        """Refuse new connections and end those that are open."""
        if self._server is not None:
            # Without shutdown the thread that waits in accept() would keep the port open.
            self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
            self._server = None
        self._end_open()

    def hang(self) -> None:
        """Take new connections and never answer."""
        self._is_silent = True
        self._end_open()

    def fail(self) -> None:
        """Answer each new connection with a 502."""
        self._is_failing = True
        self._end_open()

    def _end_open(self) -> None:
        with self._lock:
            ended, self._open = self._open, set()
        for connection in ended:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(client)
            if self._is_failing:
                # A browser may open a connection and send nothing yet.
                threading.Thread(target=self._refuse, args=[client], daemon=True).start()
            elif not self._is_silent:
                self._connect(client)

    def _refuse(self, client: socket.socket) -> None:
        with suppress(OSError):
            if client.recv(BYTES):
                client.sendall(BAD_GATEWAY)
        client.close()

    def _connect(self, client: socket.socket) -> None:
        try:
            site = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        with self._lock:
            self._open.add(site)
        for ends in ((client, site), (site, client)):
            threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(BYTES):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
