"""Migration operations for large tables. They can run while tickets are sold."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation
from django.db.models import Index


def build_index(model_name: str, index: Index) -> list[Operation]:
    """Build an index without time limits; for a migration with `atomic = False`.

    The timeouts of settings.DATABASES would end a long build and leave an invalid index with this
    name. An invalid index of an earlier, killed build is dropped first.
    """
    return [
        RunSQL(
            [
                "SET statement_timeout = 0",
                "SET lock_timeout = 0",
                f'DROP INDEX CONCURRENTLY IF EXISTS "{index.name}"',
            ],
            RunSQL.noop,
        ),
        AddIndexConcurrently(model_name=model_name, index=index),
        RunSQL(["RESET statement_timeout", "RESET lock_timeout"], RunSQL.noop),
    ]
