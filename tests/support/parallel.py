"""Divides a run of all tests between processes (pytest-xdist).

Each process has its own test database, Valkey database and ports. It runs one file at a time, so
that the fixtures of a file are created only once. Long files run first: otherwise one process could
start a long file when the others have finished.
"""

import os

import pytest
from xdist.scheduler import LoadScopeScheduling

# Valkey has 16 databases: 0 is for `make run`, 1 to 14 are for the processes of pytest-xdist, and
# 15 is for a run in one process.
ONE_PROCESS_DATABASE = 15
MAX_PROCESSES = 14
# The folders whose files take longest, in the order in which they start.
SLOW = ("tests/faults/", "tests/cluster/", "tests/browser/", "tests/processes/", "tests/")
# One process runs all tests of such a folder, one after the other. They share servers that start
# slowly, and they need much processor time.
TOGETHER = ("tests/faults/", "tests/cluster/")
# Their tests start many processes, and wait longer than others on a slow machine. `timeout` in
# pyproject.toml is for the others.
MOST_SECONDS = 3_000


class FilesInOrder(LoadScopeScheduling):
    """Hands out files in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        folders = (folder for folder in TOGETHER if nodeid.startswith(folder))
        return next(folders, nodeid.partition("::")[0])


def redis_database() -> int:
    """Return the number of the Valkey database that only this process uses.

    Raises pytest.UsageError if there are more than MAX_PROCESSES processes.
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


def give_servers_time(items: list[pytest.Item]) -> None:
    """Let the tests of the folders in TOGETHER run for MOST_SECONDS."""
    for item in items:
        if item.nodeid.startswith(TOGETHER):
            item.add_marker(pytest.mark.timeout(MOST_SECONDS))


def long_files_first(items: list[pytest.Item]) -> None:
    """Sort the tests by their folder's place in SLOW; other tests come last."""

    def place(item: pytest.Item) -> int:
        found = (n for n, folder in enumerate(SLOW) if item.nodeid.startswith(folder))
        return next(found, len(SLOW))

    items.sort(key=place)
