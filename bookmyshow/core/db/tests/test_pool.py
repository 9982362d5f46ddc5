"""The pool of database connections while no server takes them."""

from typing import Any

import pytest
from django.db import connection

from bookmyshow.core.db.pool import FailFastPool, HostOrder

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
