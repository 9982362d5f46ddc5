"""How a run of all tests is divided between processes (pytest-xdist).

Each process has its own test database, Valkey database and ports. It takes a file at a time, for
the fixtures of a file are made once. Long files come first, so that no process is left with one at
the end.
"""

import os

import pytest
from xdist.scheduler import LoadScopeScheduling

# The last of Valkey's 16 databases is for a run in one process, the first for `make run`.
ONE_PROCESS_DATABASE = 15
MAX_PROCESSES = 14
# In this order; their files take longest.
SLOW = ("tests/faults/", "tests/browser/", "tests/processes/", "tests/")
# Their tests share servers that take long to start, and need the processors for themselves.
TOGETHER = "tests/faults/"


class FilesInOrder(LoadScopeScheduling):
    """Hands out files in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]


def redis_database() -> int:
    """Return the number of the Valkey database that belongs to this process alone.

    Raises pytest.UsageError where there are not enough of them.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return ONE_PROCESS_DATABASE
    number = int(worker.removeprefix("gw"))
    if number >= MAX_PROCESSES:
        raise pytest.UsageError(
            f"tests run in at most {MAX_PROCESSES} processes: -n {MAX_PROCESSES}"
        )
    return ONE_PROCESS_DATABASE - 1 - number


def long_files_first(items: list[pytest.Item]) -> None:
    """Order the tests so that files that take long are begun first."""

    def place(item: pytest.Item) -> int:
        found = (n for n, folder in enumerate(SLOW) if item.nodeid.startswith(folder))
        return next(found, len(SLOW))

    items.sort(key=place)
