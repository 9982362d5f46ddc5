"""Statements that the database server prepares: parsed and planned once per connection.

Most of the cost of a short statement is building its text in Python and planning it in the server.
The statements of the hot paths avoid both (docs/decisions/0003-prepared-sql.md). The settings
`prepare_threshold` and `plan_cache_mode` in DATABASES make the server keep the plans. Behind
PgBouncer each transaction may get another connection. From version 1.22 on, PgBouncer itself
prepares a statement on a connection that lacks it (PGBOUNCER=prepared). With an older one nothing
is prepared (PGBOUNCER=on): statements do the same, but take longer.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def prepared_cursor() -> CursorWrapper:
    """A cursor that sends values separately from the SQL, so that the SQL is the same each time.

    Django's usual cursor writes the values into the SQL. Errors, timing and logging are the same as
    for other statements.
    """
    connection.ensure_connection()
    cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    return connection._prepare_cursor(cursor)  # type: ignore[attr-defined]


def statement(rows: QuerySet[Any]) -> str:
    """The SQL of a queryset, with %s for its values.

    Call it inside `transaction.atomic()` if the queryset has `select_for_update`.
    """
    sql, _values = rows.query.sql_with_params()
    return str(sql)


def prepared_row(model: type[M], sql: str, values: Sequence[Any] | Mapping[str, Any]) -> M | None:
    """The first row of a statement that returns all fields of `model` in their order, or None."""
    with prepared_cursor() as cursor:
        cursor.execute(sql, values)
        return first_row(model, cursor)


def first_row(model: type[M], cursor: CursorWrapper) -> M | None:
    """The next row of an executed statement as in `prepared_row`, or None."""
    row = cursor.fetchone()
    if row is None:
        return None
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(DEFAULT_DB_ALIAS, names, row)
