"""PostgreSQL dies, restarts, does not answer or has no free connection, under load."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from typing import Any

import psutil
import psycopg
import pytest

from tests.faults.load import LONGEST_WAIT, Buyer, load, nearly_longest, usual_limit
from tests.faults.outcomes import assert_kept
from tests.faults.proxy import CommitLosingProxy
from tests.faults.servers import APPLICATION
from tests.faults.site import THREADS, WORKERS, Program, Stack
from tests.faults.visits import visit

# A request that waits for a lock gets 409 after at least this many seconds. lock_timeout is 4 s.
LEAST_WAIT = 3.5
# A request may wait for two locks, and the machine may be busy. The limit is below the 30 s of
# statement_timeout, so the test fails if lock_timeout does not work.
MOST_WAIT = 25


def kill_a_backend(world: Stack) -> None:
    """Kill one backend with SIGKILL and wait until PostgreSQL has recovered.

    Its shared memory may be damaged, so PostgreSQL ends all other backends and replays the WAL.
    """
    before = checkpointer(world)
    assert before
    deadline = time.monotonic() + LONGEST_WAIT
    # PostgreSQL starts a new checkpointer during this recovery.
    while (now := checkpointer(world)) in (None, before):
        assert time.monotonic() < deadline
        if now is not None:
            kill_a_backend_of_the_site(world)
        time.sleep(0.05)


def kill_a_backend_of_the_site(world: Stack) -> None:
    """Kill one backend that serves the site. Ignore a backend that has already ended."""
    with suppress(psycopg.OperationalError, ProcessLookupError):
        for (pid,) in world.query(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND application_name <> %s LIMIT 1",
            APPLICATION,
        ):
            os.kill(pid, signal.SIGKILL)


def checkpointer(world: Stack) -> int | None:
    """The pid of the checkpointer. None if it is not running or if PostgreSQL does not answer."""
    query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
    try:
        return next((pid for (pid,) in world.query(query)), None)
    except psycopg.OperationalError:
        return None


def kill_postgres_and_start_it_after_a_second(world: Stack) -> None:
    world.postgres.kill()
    time.sleep(1)
    world.postgres.start()


def restart_postgres(world: Stack) -> None:
    # SIGINT is a fast shutdown: PostgreSQL closes all connections and stops.
    world.postgres.end(signal.SIGINT)
    world.postgres.start()


def end_all_connections(world: Stack) -> None:
    world.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )


def until_every_worker_is_connected(world: Stack, site: Program) -> None:
    """Send requests until each worker has a connection to the database."""

    def is_connected(worker: psutil.Process) -> bool:
        # Connections that the server has closed don't count.
        return any(
            c.status == psutil.CONN_ESTABLISHED and c.raddr.port == world.postgres.port
            for c in connections(worker)
        )

    deadline = time.monotonic() + LONGEST_WAIT
    while not all(map(is_connected, site.children())):
        assert time.monotonic() < deadline
        # At the same time, because one worker might be the first for each of them otherwise.
        with ThreadPoolExecutor(THREADS * WORKERS) as visitors:
            list(visitors.map(lambda session: visit(site, session), world.buyers))


def connections(process: psutil.Process) -> list[Any]:
    return list(process.net_connections("tcp"))


@pytest.mark.parametrize(
    "fault",
    [
        kill_a_backend,
        kill_postgres_and_start_it_after_a_second,
        restart_postgres,
        end_all_connections,
    ],
)
def test_the_site_recovers_with_the_same_workers_and_loses_no_confirmed_booking(
    world: Stack, site: Program, fault: Callable[[Stack], None]
) -> None:
    workers = site.workers()
    with load(site.url, world.buyers, world.shows) as running:
        running.wait_until_all_are_served()
        begin = time.monotonic()
        fault(world)
        end = running.wait_until_well()
        running.wait_until_all_are_served()
    assert site.workers() == workers
    assert running.failures_outside(begin, end) == []
    assert_kept(world, running.confirmed)


def test_no_request_fails_after_a_restart_without_visitors(world: Stack, site: Program) -> None:
    """After the restart all pooled connections are dead. The next requests get new ones."""
    with load(site.url, world.buyers, world.shows) as before:
        before.wait_until_all_are_served()
    until_every_worker_is_connected(world, site)
    restart_postgres(world)
    begin = time.monotonic()
    with load(site.url, world.buyers, world.shows) as after:
        time.sleep(1)
        after.wait_until_all_are_served()
    # The fault is over at `begin`, so every failure counts.
    assert after.failures_outside(begin, begin) == []
    assert_kept(world, before.confirmed + after.confirmed)


def test_an_answer_lost_after_its_commit_is_found_by_asking_again(world: Stack) -> None:
    """A COMMIT succeeds and its answer is lost. The page says that the result is unknown.

    The same form sent again returns the committed hold. The same confirmation sent again returns
    the confirmed booking.
    """
    show = world.shows[3]
    with (
        CommitLosingProxy(world.postgres.port) as proxy,
        world.site(DATABASE_URL=world.postgres.url(proxy.port)) as site,
    ):
        buyer = Buyer(site.url, world.buyers[0])
        labels = ["R2-1", "R2-2"]
        proxy.lose_commits(1)
        assert buyer.hold(show, labels, "token-1") == ""
        assert_unknown(buyer, "your seats are held")
        reference = buyer.hold(show, labels, "token-1")
        ((references,),) = world.query(
            "SELECT array_agg(reference) FROM bookings_booking WHERE show_id = %s"
            " AND seats && %s AND status = 'PENDING'",
            *(show, labels),
        )
        assert references == [reference]
        proxy.lose_commits(1)
        buyer.post("confirm", f"/bookings/{reference}/confirm/")
        assert_unknown(buyer, "your booking is confirmed")
        assert buyer.confirm(reference)
        assert proxy.lost == 2
    assert_kept(world, [reference])


def assert_unknown(buyer: Buyer, what: str) -> None:
    """Assert a 503 page that says: the site does not know whether the change was committed."""
    answer = buyer.answers[-1]
    assert answer.status == 503
    page = answer.body.decode()
    assert f"We don’t know yet whether {what}. Look at your bookings" in page
    assert 'href="/bookings/"' in page


def test_lost_answers_to_commits_under_load_lose_no_confirmed_booking(world: Stack) -> None:
    with (
        CommitLosingProxy(world.postgres.port) as proxy,
        world.site(DATABASE_URL=world.postgres.url(proxy.port)) as site,
        load(site.url, world.buyers, world.shows) as running,
    ):
        running.wait_until_all_are_served()
        begin = time.monotonic()
        for lost in (2, 4, 6, 8, 10):
            proxy.lose_commits(2)
            running.wait_until(lambda lost=lost: proxy.lost == lost)  # type: ignore[misc]
        end = running.wait_until_well()
        running.wait_until_all_are_served()
    assert proxy.lost == 10
    assert running.failures_outside(begin, end) == []
    assert_kept(world, running.confirmed)


def test_a_show_whose_lock_never_comes_is_refused_in_time_and_blocks_no_other(
    world: Stack, site: Program
) -> None:
    """Another connection keeps one show locked. A hold of that show gets 409 after lock_timeout."""
    locked, others = world.shows[4], world.shows[5:]
    with load(site.url, world.buyers[THREADS - 1 :], others) as before:
        before.wait_until_all_are_served()
    with world.postgres.connect() as blocker, blocker.transaction():
        blocker.execute("SELECT 1 FROM shows_show WHERE id = %s FOR UPDATE", (locked,))
        # Even if all waiting requests are in one worker, it has a free thread and connection.
        with (
            load(site.url, world.buyers[: THREADS - 1], [locked]) as waiting,
            load(site.url, world.buyers[THREADS - 1 :], others) as buying,
        ):
            buying.wait_until_all_are_served()
            waiting.wait_until(lambda: any(a.status == 409 for a in waiting.answers))
            buying.wait_until_all_are_served()
    refused = [a for a in waiting.answers if a.what == "hold" and a.status == 409]
    assert refused
    assert all(LEAST_WAIT < a.seconds < MOST_WAIT for a in refused), [a.seconds for a in refused]
    assert [a.status for a in waiting.failures() + buying.failures()] == []
    assert nearly_longest(buying.answers) < usual_limit(before.answers, LEAST_WAIT)
    assert_kept(world, buying.confirmed)


def test_a_server_without_a_connection_to_spare_is_waited_for(world: Stack, site: Program) -> None:
    """PostgreSQL refuses new connections, because all are taken.

    Requests share the connections that the pools already have, or wait. None fails.
    """
    count = 0
    until_every_worker_is_connected(world, site)
    with load(site.url, world.buyers[:2], world.shows) as few, ExitStack() as taken:
        few.wait_until_all_are_served()
        while (connection := world.postgres.connect_if_it_can()) is not None:
            taken.enter_context(closing(connection))
            count += 1
        with load(site.url, world.buyers[2:], world.shows) as many:
            time.sleep(2)
            taken.close()
            time.sleep(1)
            many.wait_until_all_are_served()
    assert count > 10
    assert [a.status for a in few.failures() + many.failures()] == []
    assert_kept(world, few.confirmed + many.confirmed)
