"""Sends statements, and the commit after them, in one network round trip.

A transaction keeps its locks while its statements travel. If they are sent together, the server
runs one after the other without waiting for the web process
(docs/decisions/0002-hold-in-one-trip.md, `batch.py`).
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.transaction import TransactionManagementError

from bookmyshow.core.observability import metrics
from bookmyshow.core.observability.query_metrics import locks_rows

from .batch import batch
from .prepared import prepared_cursor


class Statement(NamedTuple):
    """SQL with %s or %(name)s, and its values."""

    sql: str
    values: Sequence[Any] | Mapping[str, Any] = ()


def one_trip(*statements: Statement) -> list[CursorWrapper]:
    """Run the statements in this order; returns a cursor for each, to read its rows from.

    The values of a later statement cannot depend on the rows of an earlier one. If one fails, those
    after it are not run, and its error is raised.
    """
    return _send(statements, commit=False)


def one_trip_with_commit(*statements: Statement) -> list[CursorWrapper]:
    """Run the statements in this order and commit the transaction; returns as `one_trip` does.

    The COMMIT is sent before any row is read, and the locks are released before the answer arrives.
    So the statements must make the whole decision; Python code can't change it afterwards. If one
    fails, nothing is committed, and its error is raised.

    Call it last in the outermost `transaction.atomic()`: that block then has nothing left to
    commit, and runs its `on_commit` functions. In an inner block (a savepoint, as in most tests)
    nothing is committed here; the outermost block does it. Raises TransactionManagementError
    outside of `atomic()`.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("one_trip_with_commit() needs transaction.atomic().")
    return _send(statements, commit=not connection.savepoint_ids)


def _send(statements: Sequence[Statement], *, commit: bool) -> list[CursorWrapper]:
    cursors = [prepared_cursor() for _ in statements]
    started = time.perf_counter()
    try:
        # The answers are received at the end of this block, so errors of the statements are raised
        # here.
        with connection.wrap_database_errors, batch(connection.connection):
            for cursor, statement in zip(cursors, statements, strict=True):
                cursor.execute(*statement)
            if commit:
                connection.connection.execute("COMMIT", prepare=False)
    finally:
        seconds = time.perf_counter() - started
        metrics.QUERIES.observe(seconds)
        if any(locks_rows(statement.sql) for statement in statements):
            metrics.LOCK_WAITS.observe(seconds)
    return cursors
