"""One set of servers for all fault tests of a run. A test that kills one starts it again."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.site import Program, Stack, stack

BUYERS = 8
SHOWS = 12


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("faults")
    if os.geteuid() == 0:
        # PostgreSQL then runs as another user, who must be able to enter this folder.
        folder.chmod(0o755)
    with stack(folder, shows=SHOWS, buyers=BUYERS) as world:
        yield world


@pytest.fixture(scope="session")
def site(world: Stack) -> Iterator[Program]:
    """One gunicorn for all tests. It must recover from each fault without a restart."""
    with world.site() as site:
        yield site
        assert site.process.poll() is None


@pytest.fixture(autouse=True)
def books_are_right_after_every_fault(world: Stack) -> Iterator[None]:
    """Free all seats before each test, because on a fast machine they sell out. After the
    test no rule of `check_integrity` may be broken."""
    world.forget_bookings()
    yield
    assert world.broken() == []
