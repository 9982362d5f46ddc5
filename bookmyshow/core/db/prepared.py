"""Statements that the database server prepares: parsed and planned once per connection.

Most of what a short statement costs is building its text in Python and planning it in the server.
Both are spared for the few statements of the hot path. `prepare_threshold` and `plan_cache_mode`
in DATABASES have the server keep their plans; behind PgBouncer, where a connection is another one
after each transaction, nothing is prepared and all works the same.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet

from bookmyshow.core.observability import metrics

M = TypeVar("M", bound=Model)


@contextmanager
def prepared_cursor() -> Iterator[CursorWrapper]:
    """A cursor that sends values apart from the text, so that the text is the same each time.

    Django's own writes them into it. Errors, timing and logging are as for any statement.
    """
    connection.ensure_connection()
    with connection._prepare_cursor(ServerBindingCursor(connection.connection)) as cursor:  # type: ignore[attr-defined, call-arg]
        yield cursor


@contextmanager
def one_trip() -> Iterator[None]:
    """Statements executed inside go to the server together, and are answered one after the other.

    Read the results inside too, in the order of the statements: the first that failed raises there.
    """
    connection.ensure_connection()
    started = time.perf_counter()
    try:
        # Its end waits for the server too, and so can fail as any statement can.
        with connection.wrap_database_errors, connection.connection.pipeline():
            yield
    finally:
        metrics.QUERIES.observe(time.perf_counter() - started)


def commit_with_it() -> None:
    """End the transaction with the statements of `one_trip`, rather than by a trip of its own.

    What it locked is free again before the answer is even read. Errors roll all of it back as ever,
    so nothing may be left to decide. Django's block goes on and finds nothing to commit; a block
    within another leaves the commit to that one.
    """
    if not connection.savepoint_ids:
        connection.connection.execute("COMMIT", prepare=False)


def statement(rows: QuerySet[Any]) -> str:
    """The SQL of a queryset, with %s for its values; one that locks is built in a transaction."""
    sql, _values = rows.query.sql_with_params()
    return str(sql)


def prepared_row(model: type[M], sql: str, values: Sequence[Any] | Mapping[str, Any]) -> M | None:
    """The first row of a statement that returns all fields of `model` in their order, or None."""
    with prepared_cursor() as cursor:
        cursor.execute(sql, values)
        return first_row(model, cursor)


def first_row(model: type[M], cursor: CursorWrapper) -> M | None:
    """The first row of an executed statement as `prepared_row` gives it."""
    row = cursor.fetchone()
    if row is None:
        return None
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(DEFAULT_DB_ALIAS, names, row)
