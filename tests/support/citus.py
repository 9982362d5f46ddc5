"""Divides the tests' database with ops/citus, as an operator would (docs/sharding.md)."""

from pathlib import Path

from django.db import connection

FILES = sorted(Path(__file__).parents[2].glob("ops/citus/*.sql"))


def divide_tables() -> None:
    """Run the files of ops/citus one after the other. Once: `--reuse-db` finds it done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_extension WHERE extname = 'citus'")
        if cursor.fetchone() is not None:
            return
    for file in FILES:
        connection.connection.execute(file.read_text())
    # What was set by ALTER DATABASE is for new connections.
    connection.close()
