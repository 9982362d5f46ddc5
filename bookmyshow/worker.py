"""Gunicorn's threaded worker, but a thread is given to whole requests only.

Gunicorn's own hands a thread to every new connection and lets it wait for the rest of the request:
as many half requests as there are threads, and the site is silent. Here the worker's event loop
collects a request's head and small body without waiting for them; what isn't there in
ARRIVAL_SECONDS is closed. And one that stops turns nobody away who came to its own listening socket
(gunicorn.conf.py, `reuse_port`). Written for the version of gunicorn that requirements.txt pins.
"""

import re
import selectors
import socket
import struct
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

ARRIVAL_SECONDS = 10.0
# The rest of a longer body (a poster) is read by the thread, which gives up on a silence of
# SILENCE_SECONDS; so it does on a client that doesn't read its answer.
COLLECTED_BYTES = 64 * 1024
SILENCE_SECONDS = 10
# A worker that is told to stop goes on for so long: its successor has a listening socket by then.
STAY_SECONDS = 1.0

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"


def is_whole(received: bytes | bytearray) -> bool:
    """Whether a thread can answer without waiting for more, or has to read a long body anyway.

    A request that makes no sense is whole too: gunicorn's parser refuses it.
    """
    if len(received) >= COLLECTED_BYTES:
        return True
    end = received.find(END_OF_HEAD)
    if end < 0:
        return False
    length = CONTENT_LENGTH.search(received, 0, end + 2)
    body = int(length[1]) if length else 0
    return len(received) - end - len(END_OF_HEAD) >= min(body, COLLECTED_BYTES)


class Arriving(TConn):
    """A connection, and what has come of its next request."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.received = bytearray()


class PatientWorker(ThreadWorker):
    """A threaded worker whom slow clients cost no threads."""

    alive: bool
    sockets: list[socket.socket]
    _leaves_at: float | None = None

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: stop, but of workers with sockets of their own never all at one moment."""
        if not self.cfg.reuse_port:
            super().handle_exit(sig, frame)
        elif self._leaves_at is None:
            self._leaves_at = time.monotonic() + STAY_SECONDS
            self.method_queue.defer(lambda: None)  # Wakes the event loop.

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        if self._leaves_at is not None and self.alive:
            timeout = min(timeout, max(self._leaves_at - time.monotonic(), 0))
        super().wait_for_and_dispatch_events(timeout)
        if self._leaves_at is not None and time.monotonic() >= self._leaves_at:
            self.alive = False

    def set_accept_enabled(self, enabled: bool) -> None:
        """Look at new connections or not; a worker that stops for good leaves its sockets."""
        super().set_accept_enabled(enabled)
        if not (enabled or self.alive) and self.cfg.reuse_port:
            self._leave()

    def _leave(self) -> None:
        """Take who waits at sockets that are this worker's alone, and have nobody else come.

        Open, they would go on getting their share of the connections, to be reset in the end.
        """
        listeners, self.sockets = self.sockets, []
        for listener in listeners:
            while self.accept(listener):
                pass
            listener.close()

    def accept(self, listener: socket.socket) -> bool:
        """Take a connection and wait for its request in the event loop; False where none waits."""
        try:
            client, address = listener.accept()
        except BlockingIOError:
            return False  # Another worker was faster.
        except ConnectionAbortedError:
            return True  # The client has gone.
        silence = struct.pack("ll", SILENCE_SECONDS, 0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, silence)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, silence)
        self.nr_conns += 1
        self._collect(Arriving(self.cfg, client, address, listener.getsockname()), client)
        return True

    def on_client_socket_readable(self, conn: Arriving, client: socket.socket) -> None:
        """The next request begins on a connection that was kept open."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn, client)

    def on_pending_socket_readable(self, conn: Arriving, client: socket.socket) -> None:
        """More of a request has arrived."""
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        self._collect(conn, client, conn.timeout)

    def _collect(
        self, conn: Arriving, client: socket.socket, deadline: float | None = None
    ) -> None:
        try:
            data = client.recv(COLLECTED_BYTES)
        except BlockingIOError:
            self._wait(conn, client, deadline)
            return
        except OSError:
            data = b""
        if not data:
            self.nr_conns -= 1
            conn.close()
            return
        conn.received += data
        if not is_whole(conn.received):
            self._wait(conn, client, deadline)
            return
        conn.init()
        conn.parser.unreader.unread(bytes(conn.received))
        conn.received.clear()
        self.enqueue_req(conn)

    def _wait(self, conn: Arriving, client: socket.socket, deadline: float | None) -> None:
        conn.timeout = deadline or time.monotonic() + ARRIVAL_SECONDS
        self.pending_conns.append(conn)
        more = partial(self.on_pending_socket_readable, conn)
        self.poller.register(client, selectors.EVENT_READ, more)
