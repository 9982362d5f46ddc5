"""Divides the tests' database with ops/citus, as an operator would (docs/sharding.md)."""

import os
from pathlib import Path

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

FOLDER = Path(__file__).parents[2] / "ops" / "citus"
FILES = sorted(FOLDER.glob("[1-9]_*.sql"))
#: The servers for the shards, postgresql://… with spaces between them. None: all are on one server.
WORKERS = os.environ.get("CITUS_WORKERS", "").split()


def divide_tables() -> None:
    """Run the files of ops/citus one after the other. Once: `--reuse-db` finds it done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_extension WHERE extname = 'citus'")
        if cursor.fetchone() is not None:
            return
    extension, *others = (file.read_text() for file in FILES)
    connection.connection.execute(extension)
    _add_workers()
    for statements in others:
        connection.connection.execute(statements)
    # What was set by ALTER DATABASE is for new connections.
    connection.close()


def _add_workers() -> None:
    """Make a database of the same name on each worker, and add it to the coordinator."""
    if not WORKERS:
        return
    own = connection.connection.info
    connection.connection.execute("SELECT citus_set_coordinator_host(%s, %s)", [own.host, own.port])
    for worker in WORKERS:
        with psycopg.connect(worker, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{own.dbname}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{own.dbname}"')
            host, port = server.info.host, server.info.port
        with psycopg.connect(make_conninfo(worker, dbname=own.dbname)) as server:
            server.execute((FOLDER / "worker.sql").read_text())
            # As `lengthen_timeouts` does for the connections of the tests.
            server.execute(f"ALTER DATABASE \"{own.dbname}\" SET lock_timeout = '60s'")
        connection.connection.execute("SELECT citus_add_node(%s, %s)", [host, port])
