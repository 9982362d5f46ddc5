"""A pool of connections that neither waits long for a server that is away, nor long after it."""

from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

#: Once a request has waited `timeout` in vain, others wait so long, until one gets a connection: a
#: crowd isn't kept in a queue by a server that is away.
NEXT_WAIT_SECONDS = 0.25
#: For so long one connection is tried for again and again, with growing pauses. It is less than the
#: first pause would be, so there is one more try; after that, whoever needs a connection tries.
RECONNECT_SECONDS = 0.5


class SteadyPool(ConnectionPool[Connection[Any]]):
    """psycopg's pool, which knows whether the server was there a moment ago."""

    def __init__(self, **options: Any) -> None:
        self._is_away = False
        checked = options.pop("check", None)
        super().__init__(
            check=self._check_or_drain if checked else None,
            reconnect_timeout=RECONNECT_SECONDS,
            **options,
        )

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """A connection that works. Raises PoolTimeout where there is none to be had in time."""
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
        """After a restart of the server all idle connections are dead, not only the first one."""
        try:
            self.check_connection(connection)
        except Exception:
            self.drain()
            raise
