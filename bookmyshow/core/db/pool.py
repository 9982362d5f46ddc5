"""A connection pool that fails fast while the server is down, and works soon after its return."""

import select
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

#: After a request has waited for `timeout` without success, others wait only this long, until one
#: gets a connection. Otherwise requests would queue up while the server is down.
NEXT_WAIT_SECONDS = 0.25
#: After this time without a request, the next one waits for `timeout` again. The server may be
#: back, and a connection may take longer than NEXT_WAIT_SECONDS: one of its hosts may be silent.
AWAY_SECONDS = 5.0
#: psycopg's pool tries again for this long after a failed connection. Its first pause (about 1 s)
#: is cut to this time, so there is one more try. After that, the next try begins as soon as a
#: request needs a connection.
RECONNECT_SECONDS = 0.5
#: A connection that came back to the pool less than this ago is not asked whether it works, unless
#: something has arrived on it. To ask costs a trip to the server, a third of the trips of a hold. A
#: server that ends or restarts closes its connections, which arrives. Only a host that lost its
#: power within this time is not noticed here: the request's first statement fails then.
TRUSTED_SECONDS = 1.0
#: A host that runs accepts a TCP connection in this time, also if it is busy: its kernel does so.
ACCEPT_SECONDS = 0.25
Host = tuple[str, str]


def accepts(host: Host) -> bool:
    """Whether the host accepts a TCP connection within ACCEPT_SECONDS."""
    with suppress(OSError):
        socket.create_connection(host, ACCEPT_SECONDS).close()
        return True
    return False


class HostOrder:
    """The parameters of the next connection. Of several hosts, the last good one comes first.

    So a host without power at the head of the list costs its connect_timeout once, and not for
    every new connection. While no host leads, each try leaves out the hosts that accept nothing:
    otherwise it would wait for them, and miss the moment in which another host begins to lead.
    """

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = dict(parameters)
        hosts, ports = (str(parameters.get(name, "")).split(",") for name in ("host", "port"))
        self._hosts = list(zip(hosts, ports, strict=True)) if len(hosts) == len(ports) > 1 else []
        self._last_try_failed = False

    def __call__(self) -> dict[str, Any]:
        if not self._hosts:
            return self._parameters
        found = self._accepting() if self._last_try_failed else self._hosts
        # Until `begin_with` says something else.
        self._last_try_failed = True
        hosts, ports = zip(*(found or self._hosts), strict=True)
        return {**self._parameters, "host": ",".join(hosts), "port": ",".join(ports)}

    def begin_with(self, host: str, port: int) -> None:
        """Put the host of a new connection first. The others keep their order."""
        self._last_try_failed = False
        good = (host, str(port))
        if good in self._hosts and good != self._hosts[0]:
            self._hosts = [good, *(other for other in self._hosts if other != good)]

    def _accepting(self) -> list[Host]:
        with ThreadPoolExecutor(len(self._hosts)) as threads:
            answers = threads.map(accepts, self._hosts)
            return [host for host, good in zip(self._hosts, answers, strict=True) if good]


class FailFastPool(ConnectionPool[Connection[Any]]):
    """psycopg's pool, which remembers whether the last wait for a connection failed."""

    def __init__(self, *, kwargs: HostOrder, **options: Any) -> None:
        self._away_until = float("-inf")
        self._hosts = kwargs
        checked = options.pop("check", None)
        configure = options.pop("configure")

        def configured(connection: Connection[Any]) -> None:
            self._hosts.begin_with(connection.info.host, connection.info.port)
            configure(connection)

        super().__init__(
            kwargs=kwargs,
            configure=configured,
            check=self._check_or_drain if checked else None,
            reconnect_timeout=RECONNECT_SECONDS,
            **options,
        )

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """A connection that works. Raises PoolTimeout if there is none within the time limit."""
        if timeout is None:
            is_away = time.monotonic() < self._away_until
            timeout = NEXT_WAIT_SECONDS if is_away else self.timeout
        try:
            connection = super().getconn(timeout)
        except PoolTimeout:
            self._away_until = time.monotonic() + AWAY_SECONDS
            raise
        self._away_until = float("-inf")
        return connection

    def putconn(self, conn: Connection[Any]) -> None:
        conn.came_back_at = time.monotonic()  # type: ignore[attr-defined]
        super().putconn(conn)

    def reconnect_failed(self) -> None:
        """Try again at once if requests wait. psycopg would do so only when another one comes, and
        if all threads wait, none comes."""
        super().reconnect_failed()
        with self._lock:
            if self._waiting:
                self._maybe_grow_pool()

    def _check_or_drain(self, connection: Connection[Any]) -> None:
        """Check a connection. If it is dead, close all, because a restart of the server ends them
        all."""
        came_back_at = getattr(connection, "came_back_at", float("-inf"))
        if time.monotonic() < came_back_at + TRUSTED_SECONDS and _is_silent(connection):
            return
        try:
            self.check_connection(connection)
        except Exception:
            self.drain()
            raise


def _is_silent(connection: Connection[Any]) -> bool:
    """Whether nothing has arrived on an idle connection: no message, no end, no error."""
    if connection.closed:
        return False
    arrivals = select.poll()
    arrivals.register(connection.fileno(), select.POLLIN)
    return not arrivals.poll(0)
