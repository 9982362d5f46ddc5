"""Measures how long SQL statements take, including the way to the database and back."""

import time
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from . import metrics


def time_statement(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    if context["connection"].connection.pgconn.pipeline_status:
        # A pipeline does not wait here for the answer. `bookmyshow.core.db.one_trip` measures it.
        return execute(sql, params, many, context)
    started = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        seconds = time.perf_counter() - started
        metrics.QUERIES.observe(seconds)
        if locks_rows(sql):
            metrics.LOCK_WAITS.observe(seconds)


def locks_rows(sql: str) -> bool:
    """Whether the statement may wait for locks on rows that it reads."""
    return " FOR NO KEY UPDATE" in sql or " FOR UPDATE" in sql


def _watch(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    if time_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(time_statement)


def time_all_statements() -> None:
    """Time the statements of each connection that is opened after this call."""
    connection_created.connect(_watch, dispatch_uid="statement times")
