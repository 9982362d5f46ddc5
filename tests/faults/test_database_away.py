"""PostgreSQL is down for a while. Pages say so soon, and work soon after it is back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.load import Buyer
from tests.faults.outcomes import assert_kept
from tests.faults.site import Program, Stack
from tests.faults.visits import Page, visit

# More visitors than threads.
VISITORS = 40
# Pages take at most 3 s; the rest is for a busy machine. A wait of ten seconds fails the test.
SOON = 8.0
# How long it is down. A pool that doubles its pauses would connect only 14 s after the return.
AWAY_SECONDS = 17.0


@pytest.fixture
def impatient(world: Stack) -> Iterator[Program]:
    """A site with the default wait, and every worker connected."""
    with world.site(DATABASE_WAIT_SECONDS="2") as site:
        crowd(site, world)
        yield site


def crowd(site: Program, world: Stack) -> list[Page]:
    with ThreadPoolExecutor(max_workers=VISITORS) as visitors:
        sessions = (world.buyers * VISITORS)[:VISITORS]
        return list(visitors.map(lambda session: visit(site, session), sessions))


def test_pages_say_soon_that_it_is_away_and_work_soon_after_it_is_back(
    world: Stack, impatient: Program
) -> None:
    world.postgres.kill()
    gone_at = time.monotonic()
    try:
        while time.monotonic() < gone_at + AWAY_SECONDS:
            pages = crowd(impatient, world)
            assert {page.status for page in pages} == {503}
            assert all(page.retry_after == "2" for page in pages)
            assert all("Nothing was changed" in page.text for page in pages)
            slowest = max(page.seconds for page in pages)
            print(f"slowest 503: {slowest:.2f} s")
            assert slowest < SOON
    finally:
        world.postgres.start()
    back_at = time.monotonic()
    while visit(impatient, world.buyers[0]).status != 200:
        assert time.monotonic() < back_at + SOON
    print(f"first good answer: {time.monotonic() - back_at:.2f} s")


def test_no_request_fails_after_a_restart_with_the_default_wait(
    world: Stack, impatient: Program
) -> None:
    """All idle connections are dead; the request of the first visitor replaces them."""
    world.postgres.kill()
    world.postgres.start()
    for _ in range(8):
        assert visit(impatient, world.buyers[0]).status == 200


def test_a_full_server_is_a_503_and_nothing_was_changed(world: Stack) -> None:
    with world.site(DATABASE_WAIT_SECONDS="2") as site:
        taken = []
        while (connection := world.postgres.connect_if_it_can()) is not None:
            taken.append(connection)
        # Close the connections of the workers and take their places at once.
        ours = [connection.info.backend_pid for connection in taken]
        taken[0].execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> ALL(%s)",
            (ours,),
        )
        while (connection := world.postgres.connect_if_it_can()) is not None:
            taken.append(connection)
        show = world.shows[0]
        pages = [
            visit(site, world.buyers[0]),
            visit(site, world.buyers[0], "POST", f"/shows/{show}/hold/"),
        ]
        for connection in taken:
            connection.close()
        assert [page.status for page in pages] == [503, 503]
        assert all("Nothing was changed" in page.text for page in pages)
        buyer, deadline = Buyer(site.url, world.buyers[0]), time.monotonic() + 120
        while not (reference := buyer.hold(show, ["R1-1"])):
            assert time.monotonic() < deadline
        assert buyer.confirm(reference)
    assert_kept(world, [reference])
