"""Divides the tests' database with ops/citus, as an operator would (docs/sharding.md)."""

import os
from pathlib import Path

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

FILES = sorted(Path(__file__).parents[2].glob("ops/citus/*.sql"))
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
    # Tests of the integrity check turn triggers off, to break rows by hand.
    set_on_all_servers("citus.enable_unsafe_triggers", "on")
    # Longer, as conftest.py does for the connections of the tests.
    set_on_all_servers("lock_timeout", "60s")
    # The settings of a database are for new connections.
    connection.close()


def set_on_all_servers(name: str, value: str) -> None:
    """Change a setting of the database, for new connections. The coordinator tells the workers."""
    database = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE \"{database}\" SET {name} = '{value}'")


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
            server.execute("CREATE EXTENSION citus")
        connection.connection.execute("SELECT citus_add_node(%s, %s)", [host, port])
