"""PostgreSQL is down for a while. Pages say so soon, and work soon after it is back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from tests.faults.load import LONGEST_WAIT, Buyer
from tests.faults.outcomes import assert_kept
from tests.faults.site import Program, Stack
from tests.faults.visits import Page, visit

# More visitors than threads.
VISITORS = 40
# Pages take at most 3 s; the rest is for a busy machine. A wait of ten seconds fails the test.
# A slow machine gets three times on top what the same crowd took while all was well.
SOON = 8.0
# How long it is down. A pool that doubles its pauses would connect only 14 s after the return.
AWAY_SECONDS = 17.0


@dataclass
class Impatient:
    """A site with the default wait, and every worker connected. `soon`: SOON on this machine."""

    site: Program
    soon: float


@pytest.fixture
def impatient(world: Stack) -> Iterator[Impatient]:
    with world.site(DATABASE_WAIT_SECONDS="2") as site:
        usual = max(page.seconds for page in crowd(site, world))
        yield Impatient(site, SOON + 3 * usual)


def crowd(site: Program, world: Stack) -> list[Page]:
    with ThreadPoolExecutor(max_workers=VISITORS) as visitors:
        sessions = (world.buyers * VISITORS)[:VISITORS]
        return list(visitors.map(lambda session: visit(site, session), sessions))


def test_pages_say_soon_that_it_is_away_and_work_soon_after_it_is_back(
    world: Stack, impatient: Impatient
) -> None:
    site, soon = impatient.site, impatient.soon
    world.postgres.kill()
    gone_at = time.monotonic()
    try:
        while time.monotonic() < gone_at + AWAY_SECONDS:
            pages = crowd(site, world)
            assert {page.status for page in pages} == {503}
            assert all(page.retry_after == "2" for page in pages)
            assert all("Nothing was changed" in page.text for page in pages)
            slowest = max(page.seconds for page in pages)
            print(f"slowest 503: {slowest:.2f} s")
            assert slowest < soon
    finally:
        world.postgres.start()
    back_at = time.monotonic()
    while visit(site, world.buyers[0]).status != 200:
        assert time.monotonic() < back_at + soon
    print(f"first good answer: {time.monotonic() - back_at:.2f} s")


def test_no_request_fails_after_a_restart_with_the_default_wait(
    world: Stack, impatient: Impatient
) -> None:
    """All idle connections are dead; the request of the first visitor replaces them."""
    world.postgres.kill()
    world.postgres.start()
    for _ in range(8):
        assert visit(impatient.site, world.buyers[0]).status == 200


def test_a_full_server_is_a_503_and_nothing_was_changed(world: Stack) -> None:
    show = world.shows[0]
    with world.site(DATABASE_WAIT_SECONDS="2") as site:
        with all_connections_taken(world):
            pages = [
                visit(site, world.buyers[0]),
                visit(site, world.buyers[0], "POST", f"/shows/{show}/hold/"),
            ]
        assert [page.status for page in pages] == [503, 503]
        assert all("Nothing was changed" in page.text for page in pages)
        buyer, deadline = Buyer(site.url, world.buyers[0]), time.monotonic() + LONGEST_WAIT
        while not (reference := buyer.hold(show, ["R1-1"])):
            assert time.monotonic() < deadline
        assert buyer.confirm(reference)
    assert_kept(world, [reference])


@contextmanager
def all_connections_taken(world: Stack) -> Iterator[None]:
    """In the block this process has all connections that the server allows."""
    with ExitStack() as taken:

        def take_all() -> list[psycopg.Connection]:
            found = []
            while (connection := world.postgres.connect_if_it_can()) is not None:
                found.append(taken.enter_context(closing(connection)))
            return found

        ours = take_all()
        # Close the connections of the workers and take their places. Each call returns when the
        # server process has ended: only then somebody else can connect.
        ours[0].execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> ALL(%s)",
            ([connection.info.backend_pid for connection in ours],),
        )
        take_all()
        yield
