"""Empties the tests' database after a test with real transactions, in a fraction of Django's time.

Django truncates every table, which makes new files for each table, index and partition, and then
writes content types, permissions and roles again. Here only tables with rows are emptied, and what
`migrate` wrote stays. It is written again only if a test changed it.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase

# `migrate` fills these tables. They are not emptied after a test, because the site under test runs
# in another process and caches content types in memory.
WRITTEN_BY_MIGRATE = (
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
)
# With more bytes in a table, all tables are truncated: rows that were deleted stay in the files
# until PostgreSQL's autovacuum, and every scan would read them.
MANY_BYTES = 4 * 1024 * 1024
# The bits of pg_trigger.tgtype.
OF_DELETE, OF_TRUNCATE = 8, 32
_written: dict[str, object] = {}


def empty_quickly() -> None:
    """Let Django's tests with real transactions end with `empty`."""

    def empty_all(case: TransactionTestCase) -> None:
        for alias in case._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
            empty(alias)

    TransactionTestCase._fixture_teardown = empty_all  # type: ignore[attr-defined]


def remember_what_migrate_wrote(alias: str = "default") -> None:
    """Called before the first test."""
    with connections[alias].cursor() as cursor:
        _written[alias] = _rows_of_migrate(cursor)


def empty(alias: str = "default") -> None:
    """Delete all rows except those of WRITTEN_BY_MIGRATE, and put those right.

    Like TRUNCATE it first waits until every other session has ended what it writes. Sequences go
    on, as in Django.
    """
    connection = connections[alias]
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = sorted(set(found) - set(WRITTEN_BY_MIGRATE))
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        if not settings.CITUS:
            cursor.execute(f"LOCK TABLE {_list(tables)} IN SHARE ROW EXCLUSIVE MODE")
        if settings.CITUS or _bytes(cursor, tables) > MANY_BYTES:
            guarded = _guarded(cursor, OF_TRUNCATE)
            _without_triggers(cursor, guarded & set(tables), f"TRUNCATE {_list(tables)}")
        elif filled := _filled(cursor, tables):
            # One statement, after which all foreign keys are checked.
            deletes = (f"_{n} AS (DELETE FROM {_list([t])})" for n, t in enumerate(filled))
            guarded = _guarded(cursor, OF_DELETE)
            _without_triggers(cursor, guarded & set(filled), f"WITH {', '.join(deletes)} SELECT")
        changed = _rows_of_migrate(cursor) != _written[alias]
    if changed:
        emit_post_migrate_signal(verbosity=0, interactive=False, db=alias)
        remember_what_migrate_wrote(alias)


def _list(tables: Sequence[str]) -> str:
    return ", ".join(f'"{table}"' for table in tables)


def _bytes(cursor: CursorWrapper, tables: Sequence[str]) -> int:
    cursor.execute(
        "SELECT max(pg_relation_size(t::regclass)) FROM unnest(%s::text[]) t", [[*tables]]
    )
    (largest,) = cursor.fetchone()
    return int(largest)


def _filled(cursor: CursorWrapper, tables: Sequence[str]) -> list[str]:
    looks = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM {_list([table])})" for table in tables)
    cursor.execute(" UNION ALL ".join(looks))
    return [table for (table,) in cursor.fetchall()]


def _guarded(cursor: CursorWrapper, kind: int) -> set[str]:
    """The tables that have triggers of this kind."""
    cursor.execute(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgparentid = 0 AND tgtype & %s <> 0",
        [kind],
    )
    return {table for (table,) in cursor.fetchall()}


def _without_triggers(cursor: CursorWrapper, guarded: set[str], statement: str) -> None:
    """Run the statement without the triggers that refuse it, or that change other rows."""
    for table in guarded:
        cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    cursor.execute(statement)
    # A table can't be altered before its foreign keys are checked.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in guarded:
        cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


def _rows_of_migrate(cursor: CursorWrapper) -> Any:
    sums = (
        f"(SELECT sum(hashtextextended({table}::text, 0)) FROM {table})"
        for table in WRITTEN_BY_MIGRATE
    )
    cursor.execute(f"SELECT {', '.join(sums)}")
    return cursor.fetchone()
