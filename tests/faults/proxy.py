"""A TCP proxy in front of PostgreSQL that can lose the answer to a COMMIT."""

import contextlib
import socket
import socketserver
import threading
from types import TracebackType
from typing import Self

CHUNK = 65_536
# psycopg sends COMMIT as text that ends with a zero byte.
COMMIT = b"COMMIT\x00"


class CommitLosingProxy:
    """Forwards connections to `port`. After `lose_commits(n)` the server still gets the next n
    COMMITs and runs them, but the connection breaks before the client gets the answer."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._lock = threading.Lock()
        self._to_lose = 0
        self._then_away = self._is_away = False
        self._open: set[socket.socket] = set()
        self.lost = 0
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy._serve(self.request)

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 128

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self.port: int = self._listener.server_address[1]

    def lose_commits(self, count: int, *, then_away: bool = False) -> None:
        """`then_away`: after the last of them all connections end, and no new one is accepted."""
        with self._lock:
            self._to_lose = count
            self._then_away = then_away

    def come_back(self) -> None:
        self._is_away = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown()
        self._listener.server_close()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._target))
        with self._lock:
            if self._is_away:
                close(server)
                close(client)
                return
            self._open.add(client)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        losing = threading.Event()
        back = threading.Thread(target=self._answers, args=(server, client, losing), daemon=True)
        back.start()
        # COMMIT may come in two parts.
        end_of_last = b""
        try:
            while data := client.recv(CHUNK):
                if COMMIT in end_of_last + data and self._take():
                    losing.set()
                server.sendall(data)
                end_of_last = (end_of_last + data)[1 - len(COMMIT) :]
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(client)
            close(server)
            close(client)

    def _answers(
        self, server: socket.socket, client: socket.socket, losing: threading.Event
    ) -> None:
        try:
            while data := server.recv(CHUNK):
                if losing.is_set():
                    # The server has answered, so the transaction is committed.
                    with self._lock:
                        self.lost += 1
                        if self._then_away and self._to_lose == 0:
                            self._leave()
                    break
                client.sendall(data)
        except OSError:
            pass
        finally:
            close(client)
            close(server)

    def _leave(self) -> None:
        self._is_away = True
        for client in list(self._open):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _take(self) -> bool:
        with self._lock:
            if self._to_lose == 0:
                return False
            self._to_lose -= 1
            return True


def close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
