"""The pool of database connections while no server takes them."""

import time
from typing import Any

import pytest
from django.db import connection
from psycopg_pool import PoolTimeout

from bookmyshow.core.db import pool as pools
from bookmyshow.core.db.pool import NEXT_WAIT_SECONDS, FailFastPool, HostOrder

PATIENCE_SECONDS = 60


class BackLater(HostOrder):
    """The server can't be reached in the first tries."""

    tries = 0

    def __call__(self) -> dict[str, Any]:
        self.tries += 1
        away = {"host": "/nowhere"} if self.tries <= 4 else {}
        return super().__call__() | away


@pytest.mark.django_db
def test_the_only_request_that_waits_gets_a_connection_when_the_server_is_back() -> None:
    """No other request comes to start a new try."""
    pool = FailFastPool(
        kwargs=BackLater(connection.get_connection_params()),
        configure=lambda _connection: None,
        open=True,
        min_size=1,
        max_size=1,
    )
    with pool:
        found = pool.getconn(PATIENCE_SECONDS)
        assert found.execute("SELECT 1").fetchone()
        pool.putconn(found)


class SlowAfterAFailure(HostOrder):
    """The first tries fail. Later ones take longer than a request waits after a failure."""

    is_back = False

    def __call__(self) -> dict[str, Any]:
        if not self.is_back:
            return super().__call__() | {"host": "/nowhere"}
        time.sleep(4 * NEXT_WAIT_SECONDS)
        return super().__call__()


@pytest.mark.django_db
def test_long_after_a_failure_a_request_waits_as_long_as_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "AWAY_SECONDS", 0.0)
    server = SlowAfterAFailure(connection.get_connection_params())
    pool = FailFastPool(
        kwargs=server,
        configure=lambda _connection: None,
        open=True,
        min_size=1,
        max_size=1,
        timeout=PATIENCE_SECONDS,
    )
    with pool:
        with pytest.raises(PoolTimeout):
            pool.getconn(0.1)
        server.is_back = True
        pool.putconn(pool.getconn())
