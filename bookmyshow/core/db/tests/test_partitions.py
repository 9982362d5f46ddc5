"""Partitions by month and by quarter, on a table of this test."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection, transaction

from bookmyshow.core.db import partitions
from bookmyshow.core.db.partitions import PartitionedTable, PartitionInUse

TABLE = PartitionedTable("diary", "written_at", still_needed="NOT is_done", why="open entries")
PARENT = """
    CREATE TABLE diary (written_at timestamptz NOT NULL, is_done boolean NOT NULL)
    PARTITION BY RANGE (written_at)
"""

WAITED_LONG = """
    SELECT pid FROM pg_locks WHERE relation = 'diary_rest'::regclass AND NOT granted
    AND clock_timestamp() - waitstart > current_setting('deadlock_timeout')::interval
"""


def at(year: int, month: int, day: int = 15) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def sql(statement: str, *values: datetime) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def table(transactional_db: None) -> Iterator[PartitionedTable]:
    sql(PARENT)
    sql("CREATE TABLE diary_rest PARTITION OF diary DEFAULT")
    yield TABLE
    sql("DROP TABLE IF EXISTS diary, diary_2026_10")


def names(table: PartitionedTable) -> list[str]:
    return [partition.name for partition in partitions.partitions(table)]


@pytest.mark.parametrize(
    ("months", "moment", "start", "end", "name"),
    [
        (1, at(2026, 11), at(2026, 11, 1), at(2026, 12, 1), "t_2026_11"),
        (1, at(2026, 12, 31), at(2026, 12, 1), at(2027, 1, 1), "t_2026_12"),
        (3, at(2026, 11), at(2026, 10, 1), at(2027, 1, 1), "t_2026_q4"),
        (3, at(2027, 1, 1), at(2027, 1, 1), at(2027, 4, 1), "t_2027_q1"),
    ],
)
def test_a_moment_is_in_one_period(
    months: int, moment: datetime, start: datetime, end: datetime, name: str
) -> None:
    table = PartitionedTable("t", "at", months=months)
    assert table.period(moment) == (start, end)
    assert table.partition_name(start) == name


def test_coming_months_are_made_once_and_take_their_rows(table: PartitionedTable) -> None:
    months = ["diary_2026_11", "diary_2026_12", "diary_2027_01", "diary_2027_02"]
    assert partitions.make_ahead(table, at(2026, 11)) == months
    assert partitions.make_ahead(table, at(2026, 11)) == []
    assert names(table) == [*months, "diary_rest"]
    sql("INSERT INTO diary VALUES (%s, false)", at(2027, 1))
    assert sql("SELECT tableoid::regclass::text FROM diary") == [("diary_2027_01",)]
    assert not partitions.rows_without_partition(table)


def test_the_limits_of_the_callers_transaction_stay(table: PartitionedTable) -> None:
    with transaction.atomic():
        before = sql(partitions.LIMITS)
        partitions.make(table, at(2026, 10))
        assert sql(partitions.LIMITS) == before


def test_rows_of_a_month_without_a_partition_are_taken_and_move_when_it_is_made(
    table: PartitionedTable,
) -> None:
    sql("INSERT INTO diary VALUES (%s, false)", at(2026, 10))
    assert partitions.rows_without_partition(table)
    assert partitions.make(table, at(2026, 10))
    assert sql("SELECT tableoid::regclass::text FROM diary") == [("diary_2026_10",)]
    assert not partitions.rows_without_partition(table)


def test_a_partition_that_is_still_needed_stays(table: PartitionedTable) -> None:
    partitions.make(table, at(2026, 10))
    sql("INSERT INTO diary VALUES (%s, false), (%s, true)", at(2026, 10), at(2026, 10))
    october, rest = partitions.partitions(table)
    with pytest.raises(PartitionInUse, match="diary_2026_10 stays: it has 1 open entries"):
        partitions.detach(table, october)
    with pytest.raises(PartitionInUse, match="rows of a time without a partition"):
        partitions.detach(table, rest)
    assert names(table) == ["diary_2026_10", "diary_rest"]
    sql("UPDATE diary SET is_done = true")
    partitions.detach(table, october)
    assert names(table) == ["diary_rest"]
    assert sql("SELECT count(*) FROM diary_2026_10") == [(2,)]
    partitions.drop(october.name)
    assert sql("SELECT to_regclass('diary_2026_10')") == [(None,)]


def test_a_busy_table_is_tried_again_and_an_autovacuum_would_be_ended(
    table: PartitionedTable,
) -> None:
    """Somebody has the table locked until a try has waited for `deadlock_timeout`: only then does
    PostgreSQL end an autovacuum that has such a lock."""
    locked, waited = threading.Event(), threading.Event()

    def keep_locked() -> None:
        try:
            with transaction.atomic():
                sql("LOCK TABLE diary_rest IN SHARE UPDATE EXCLUSIVE MODE")
                locked.set()
                deadline = time.monotonic() + 60
                while not sql(WAITED_LONG):
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
                waited.set()
        finally:
            connection.close()

    thread = threading.Thread(target=keep_locked)
    thread.start()
    assert locked.wait(60)
    assert partitions.make(table, at(2026, 10))
    thread.join()
    assert waited.is_set()


def test_a_table_that_stays_busy_is_an_error(
    table: PartitionedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "TRIES", 2)
    locked, let_go = threading.Event(), threading.Event()

    def keep_locked() -> None:
        try:
            with transaction.atomic():
                sql("LOCK TABLE diary IN ACCESS EXCLUSIVE MODE")
                locked.set()
                let_go.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=keep_locked)
    thread.start()
    assert locked.wait(60)
    try:
        with pytest.raises(OperationalError, match="lock timeout"):
            partitions.make(table, at(2026, 10))
    finally:
        let_go.set()
        thread.join()
    assert names(table) == ["diary_rest"]
