"""PgBouncer in transaction mode keeps prepared statements, and races end as without it.

`make pgbouncer` runs all tests of races through it. `make bench ARGS="--only pgbouncer"` measures
its speed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import DuplicatePreparedStatement, InvalidSqlStatementName

from bookmyshow.environment import ROOT
from tests.cluster import pgbouncer
from tests.cluster.pgbouncer import MISSING, PgBouncer
from tests.faults.servers import Postgres
from tests.support.not_run import NOT_RUN

# Of all tests of races, those of two hundred buyers of one show.
RACES = "bookings/tests/test_races.py"


@pytest.fixture(autouse=True)
def needs_pgbouncer() -> None:
    if pgbouncer.program() is None:
        pytest.skip(f"{NOT_RUN}: {MISSING}")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    (tmp_path / "postgres").mkdir()
    server = Postgres(tmp_path / "postgres")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database(postgres: Postgres) -> str:
    """Its URL. PostgreSQL trusts everybody here, but PgBouncer asks for a password."""
    return postgres.url().replace("postgres@", "postgres:secret@")


class OneConnection(PgBouncer):
    """A PgBouncer whose clients all share one connection to the server."""

    keeps_statements = True

    def _ini(self) -> str:
        text = super()._ini() + "default_pool_size = 1\nreserve_pool_size = 0\n"
        return text if self.keeps_statements else text + "max_prepared_statements = 0\n"


class Forgetful(OneConnection):
    keeps_statements = False


def ask_in_turns(server: OneConnection) -> int:
    """Two clients prepare the same statement and run it in turns. Returns how many statements the
    server has prepared then."""
    server.start()
    try:
        with (
            closing(psycopg.connect(server.url, prepare_threshold=0, autocommit=True)) as one,
            closing(psycopg.connect(server.url, prepare_threshold=0, autocommit=True)) as two,
        ):
            for number in range(6):
                for client in (one, two):
                    assert client.execute("SELECT %s::int", [number]).fetchone() == (number,)
            prepared = (
                "SELECT count(*) FROM pg_prepared_statements WHERE statement ~ '^SELECT .1::'"
            )
            (found,) = one.execute(prepared, prepare=False).fetchone() or (0,)
            return int(found)
    finally:
        server.stop()


def test_a_statement_is_prepared_once_for_all_clients(database: str, tmp_path: Path) -> None:
    assert ask_in_turns(OneConnection(tmp_path / "pgbouncer", database)) == 1


def test_without_max_prepared_statements_it_mixes_the_statements_of_clients_up(
    database: str, tmp_path: Path
) -> None:
    """The control: the setting is what makes PGBOUNCER=prepared possible."""
    with pytest.raises((InvalidSqlStatementName, DuplicatePreparedStatement)):
        ask_in_turns(Forgetful(tmp_path / "pgbouncer", database))


def test_races_for_seats_end_the_same_through_pgbouncer(tmp_path: Path) -> None:
    own = ("DATABASE_URL", "REDIS_URL", "PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS")
    environment = {name: value for name, value in os.environ.items() if name not in own}
    embedded = [sys.executable, "-m", "bookmyshow.embedded"]
    # The controls take locks away; what they show does not depend on the way to the database.
    races = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", RACES, "-k"]
    races.append("not control")
    run = subprocess.run(
        [*embedded, sys.executable, "-m", "tests.cluster.pgbouncer", *races],
        cwd=ROOT,
        env=environment | {"EMBEDDED_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]
    assert " passed" in run.stdout
