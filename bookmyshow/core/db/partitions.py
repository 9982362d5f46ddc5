"""Tables that are partitioned by date: makes the partitions of coming months, detaches old ones.

An app says which of its tables are partitioned (`register`); `manage.py partitions` and a nightly
task do the rest (docs/decisions/0028-partitions-by-date.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import LockNotAvailable

T = TypeVar("T")
#: How often a change of a table waits for its locks. Writers of the table queue behind a wait, so
#: most are short. But PostgreSQL ends an autovacuum that is in the way only for somebody who has
#: waited for `deadlock_timeout` (1 s), so each fifth wait is a second longer than that.
TRIES, LONG_EVERY = 20, 5
SHORT_WAIT = "SET LOCAL lock_timeout = '200ms'"
LONG_WAIT = """
    SELECT set_config('lock_timeout', (setting::int + 1000)::text, true)
    FROM pg_settings WHERE name = 'deadlock_timeout'
"""
LIMITS = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
SET_LIMITS = """
    SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)
"""
#: A trigger that must not fire while rows move from one partition to another asks for this setting.
MOVING = "bookmyshow.moving"
PARTITIONS = """
    SELECT child.relname, pg_get_expr(child.relpartbound, child.oid), child.reltuples::bigint,
           pg_total_relation_size(child.oid)
    FROM pg_inherits i
    JOIN pg_class child ON child.oid = i.inhrelid
    WHERE i.inhparent = %s::regclass ORDER BY child.relname
"""


class PartitionInUse(Exception):
    """A partition can't be detached. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A table with a partition for each month, or for each quarter.

    `ahead`: for how many coming periods partitions are made; None: the code that writes rows makes
    its partition. `still_needed`: an SQL condition; a partition with such a row is not detached.
    `why`: what such rows are, for people. `first_detach`: a table whose rows refer to this one; its
    partition of the same time must be detached before. `after_detach` is called with the name of
    the table that was a partition. `warning`: what people should know before they detach one.
    """

    name: str
    column: str
    months: int = 1
    ahead: int | None = 3
    still_needed: str = "false"
    why: str = ""
    first_detach: str = ""
    warning: str = ""
    after_detach: Callable[[CursorWrapper, str], None] | None = None

    @property
    def default_name(self) -> str:
        """The default partition: for rows of a time without one, so that no row is refused."""
        return f"{self.name}_rest"

    def period(self, at: datetime) -> tuple[datetime, datetime]:
        """The beginning (UTC) of the month or quarter with this moment, and its end."""
        at = at.astimezone(UTC)
        first = at.year * 12 + (at.month - 1) // self.months * self.months
        return _month(first), _month(first + self.months)

    def partition_name(self, start: datetime) -> str:
        """The name of the partition that begins at `start`, such as outbox_message_2026_11."""
        if self.months == 3:
            return f"{self.name}_{start.year}_q{(start.month + 2) // 3}"
        return f"{self.name}_{start:%Y_%m}"


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition. `start` is None if it has everything before `end`. Both are None for the
    default partition."""

    name: str
    start: datetime | None
    end: datetime | None
    rows: int
    size: int


_tables: dict[str, PartitionedTable] = {}


def register(table: PartitionedTable) -> None:
    """Make a table known to `manage.py partitions` and the nightly task; in an app's `ready`."""
    _tables[table.name] = table


def tables() -> list[PartitionedTable]:
    """All registered tables."""
    return list(_tables.values())


def partitions(table: PartitionedTable) -> list[Partition]:
    """The table's partitions by time, the default one last. `rows` is the database's estimate."""
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS, [table.name])
        found = [
            Partition(name, *_bounds(bounds), max(rows, 0), size)
            for name, bounds, rows, size in cursor.fetchall()
        ]
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda partition: partition.end or never)


def make_ahead(table: PartitionedTable, now: datetime) -> list[str]:
    """Make the partition of `now` and of the next `ahead` periods. Returns the names of new ones.

    Rows of such a period that are in the default partition are moved to the new one.
    """
    made: list[str] = []
    if table.ahead is None:
        return made
    start, end = table.period(now)
    for _ in range(table.ahead + 1):
        if make(table, start):
            made.append(table.partition_name(start))
        start, end = table.period(end)
    return made


def make(table: PartitionedTable, at: datetime) -> bool:
    """Make the partition with this moment. False if it exists. Rows can be written meanwhile."""
    start, end = table.period(at)
    name = table.partition_name(start)

    def create(cursor: CursorWrapper) -> bool:
        # Even this query waits for a lock of the table.
        if any(_holds(partition, start) for partition in partitions(table)):
            return False
        cursor.execute(f"SET LOCAL {MOVING} = 'on'")
        cursor.execute(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)")
        # While rows of the default partition move, nobody adds or changes one there.
        cursor.execute("SELECT to_regclass(%s)", [table.default_name])
        if cursor.fetchone() != (None,):
            cursor.execute(f"LOCK TABLE {table.default_name} IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute(
                f"WITH moved AS (DELETE FROM {table.default_name}"
                f" WHERE {table.column} >= %s AND {table.column} < %s RETURNING *)"
                f" INSERT INTO {name} SELECT * FROM moved",
                [start, end],
            )
        cursor.execute(
            f"ALTER TABLE {table.name} ATTACH PARTITION {name}"
            f" FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
        )
        return True

    return _change(create)


def detach(table: PartitionedTable, partition: Partition) -> None:
    """Make a partition a table of its own, which the site does not read any more.

    Raises PartitionInUse.
    """
    if partition.end is None:
        raise PartitionInUse(f"{partition.name} has rows of a time without a partition; it stays.")
    if table.first_detach:
        _refuse_if_attached(table.first_detach, partition)

    def check_and_detach(cursor: CursorWrapper) -> None:
        # Its rows can't change between the check and the end.
        cursor.execute(f"LOCK TABLE {partition.name} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"SELECT count(*) FROM {partition.name} WHERE {table.still_needed}")
        if needed := cursor.fetchone()[0]:
            raise PartitionInUse(f"{partition.name} stays: it has {needed} {table.why}.")
        cursor.execute(f"ALTER TABLE {table.name} DETACH PARTITION {partition.name}")

    _change(check_and_detach)
    if table.after_detach:
        with connection.cursor() as cursor:
            table.after_detach(cursor, partition.name)


def drop(name: str) -> None:
    """Delete a table that was detached."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {name}")


def rows_without_partition(table: PartitionedTable) -> bool:
    """Whether the default partition has rows: the partitions of their time were not made."""
    if not any(partition.name == table.default_name for partition in partitions(table)):
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table.default_name})")
        return bool(cursor.fetchone()[0])


def _refuse_if_attached(name: str, partition: Partition) -> None:
    for other in partitions(_tables[name]):
        if (other.start, other.end) == (partition.start, partition.end):
            raise PartitionInUse(
                f"{partition.name} stays: rows of {other.name} refer to it. Detach that one first."
            )


def _change(change: Callable[[CursorWrapper], T]) -> T:
    """Run `change` in a transaction, and again if it does not get a lock soon. Returns its result.

    In a caller's transaction, the caller's own limits are in force again afterwards. Raises
    OperationalError if no try got its locks.
    """
    tries = 0
    while True:
        tries += 1
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(LIMITS)
                limits = cursor.fetchone()
                cursor.execute(SHORT_WAIT if tries % LONG_EVERY else LONG_WAIT)
                cursor.execute("SET LOCAL statement_timeout = 0")
                result = change(cursor)
                cursor.execute(SET_LIMITS, limits)
                return result
        except OperationalError as error:
            if tries == TRIES or not isinstance(error.__cause__, LockNotAvailable):
                raise


def _holds(partition: Partition, start: datetime) -> bool:
    return partition.end is not None and (
        (partition.start is None or partition.start <= start) and start < partition.end
    )


def _bounds(expression: str) -> tuple[datetime | None, datetime | None]:
    """From FOR VALUES FROM ('2026-11-01 00:00:00+00') TO (…), MINVALUE, or DEFAULT."""
    if expression == "DEFAULT":
        return None, None
    _, start, end = expression.replace(" TO ", " FROM ").split(" FROM ")
    return _moment(start), _moment(end)


def _moment(text: str) -> datetime | None:
    value = text.strip("()'")
    return None if value == "MINVALUE" else datetime.fromisoformat(value).astimezone(UTC)


def _month(number: int) -> datetime:
    """The beginning of a month, counted from the year 0."""
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
