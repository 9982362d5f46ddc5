"""A connection pool that fails fast while the server is down, and works soon after its return."""

from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

#: After a request has waited for `timeout` without success, others wait only this long, until one
#: gets a connection. Otherwise requests would queue up while the server is down.
NEXT_WAIT_SECONDS = 0.25
#: psycopg's pool tries again for this long after a failed connection. Its first pause (about 1 s)
#: is cut to this time, so there is one more try. After that, a request that needs a connection
#: starts the next try.
RECONNECT_SECONDS = 0.5


class FailFastPool(ConnectionPool[Connection[Any]]):
    """psycopg's pool, which remembers whether the last wait for a connection failed."""

    def __init__(self, **options: Any) -> None:
        self._is_away = False
        checked = options.pop("check", None)
        super().__init__(
            check=self._check_or_drain if checked else None,
            reconnect_timeout=RECONNECT_SECONDS,
            **options,
        )

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """A connection that works. Raises PoolTimeout if there is none within the time limit."""
        if timeout is None:
            timeout = NEXT_WAIT_SECONDS if self._is_away else self.timeout
        try:
            connection = super().getconn(timeout)
        except PoolTimeout:
            self._is_away = True
            raise
        self._is_away = False
        return connection

    def _check_or_drain(self, connection: Connection[Any]) -> None:
        """Check a connection. If it is dead, close all, because a restart of the server ends them
        all."""
        try:
            self.check_connection(connection)
        except Exception:
            self.drain()
            raise
