"""The schema of the tests' database, for tests that migrate back and forth."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

PARTS = """
    SELECT format('%s: %s', conrelid::regclass, conname), pg_get_constraintdef(oid), ''
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid),
           CASE WHEN c.oid IS NULL THEN pg_get_indexdef(i.indexrelid) ELSE '' END
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
    WHERE t.relnamespace = 'public'::regnamespace
"""


@contextmanager
def schema_kept() -> Iterator[None]:
    """After the block the indexes and constraints are as before. Other tests rely on them.

    Undoing a migration drops columns, and with them indexes of later migrations. Applying it again
    does not bring those indexes back, so they are made here. Raises AssertionError if anything else
    differs.
    """
    before = _schema()
    yield
    lost = before - _schema()
    with connection.cursor() as cursor:
        for _name, _definition, make in lost:
            if make:
                cursor.execute(make)
    assert _schema() == before


def _schema() -> set[tuple[str, str, str]]:
    """Each index and constraint: name, definition, and the statement that makes an index."""
    with connection.cursor() as cursor:
        cursor.execute(PARTS)
        return set(cursor.fetchall())
