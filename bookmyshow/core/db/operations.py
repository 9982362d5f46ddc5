"""Operations for migrations of large tables, which run while the site goes on selling."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation
from django.db.models import Index


def build_index(model_name: str, index: Index) -> list[Operation]:
    """Build an index however long it takes; for a migration with `atomic = False`.

    The timeouts of settings.DATABASES would end a long build, and leave an index that is not valid
    and whose name is taken. One that a build left when it was killed is dropped first.
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
