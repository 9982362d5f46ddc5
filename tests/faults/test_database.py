"""PostgreSQL dies, restarts, answers nobody or is full, under load."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from .conftest import assert_kept
from .load import Buyer, load
from .proxy import CommitLosingProxy
from .site import THREADS, Program, Stack

# A pool that lost its connections makes new ones with a growing delay; this is its longest here.
RECOVERY_SECONDS = 3.0


def kill_a_backend(world: Stack) -> None:
    """PostgreSQL trusts no shared memory after that: it ends all backends and recovers."""
    ((pid,),) = world.query(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
        " AND pid <> pg_backend_pid() AND application_name <> 'test' LIMIT 1"
    )
    assert world.postgres.process is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    time.sleep(0.3)
    while not world.postgres.answers():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill_it_and_start_it_a_second_later(world: Stack) -> None:
    world.postgres.kill()
    time.sleep(1)
    world.postgres.start()


def restart_it(world: Stack) -> None:
    world.postgres.end(signal.SIGINT)
    world.postgres.start()


def end_all_connections(world: Stack) -> None:
    world.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )


@pytest.mark.parametrize(
    "fault",
    [kill_a_backend, kill_it_and_start_it_a_second_later, restart_it, end_all_connections],
)
def test_the_site_recovers_by_itself_and_keeps_what_it_promised(
    world: Stack, site: Program, fault: Callable[[Stack], None]
) -> None:
    workers = [child.pid for child in site.children()]
    with load(site.url, world.buyers, world.shows) as running:
        time.sleep(1)
        begin = time.monotonic()
        fault(world)
        end = time.monotonic() + RECOVERY_SECONDS
        time.sleep(RECOVERY_SECONDS + 1.5)
    assert [child.pid for child in site.children()] == workers
    assert running.failures_outside(begin, end) == []
    assert running.confirmed_after(end) > 0
    assert_kept(world, running.confirmed)


def test_a_restart_that_nobody_was_there_to_see_costs_no_one_a_request(
    world: Stack, site: Program
) -> None:
    """The pool's connections are all dead by the time that the next visitor comes."""
    with load(site.url, world.buyers, world.shows) as before:
        time.sleep(1)
    restart_it(world)
    begin = time.monotonic()
    with load(site.url, world.buyers, world.shows) as after:
        time.sleep(1.5)
    assert after.failures_outside(begin, begin) == []
    assert_kept(world, before.confirmed + after.confirmed)


def test_an_answer_lost_after_its_commit_is_found_by_asking_again(world: Stack) -> None:
    show = world.quiet[3]
    with (
        CommitLosingProxy(world.postgres.port) as proxy,
        world.site(DATABASE_URL=world.postgres.url(proxy.port)) as site,
    ):
        buyer = Buyer(site.url, world.buyers[0])
        labels = ["R2-1", "R2-2"]
        proxy.lose_commits(1)
        assert buyer.hold(show, labels, "token-1") == ""
        assert buyer.answers[-1].status >= 500
        reference = buyer.hold(show, labels, "token-1")
        ((mine,),) = world.query(
            "SELECT array_agg(reference) FROM bookings_booking WHERE show_id = %s"
            " AND seats && %s AND status = 'PENDING'",
            *(show, labels),
        )
        assert mine == [reference]
        proxy.lose_commits(1)
        buyer.post("confirm", f"/bookings/{reference}/confirm/")
        assert buyer.answers[-1].status >= 500
        assert buyer.confirm(reference)
        assert proxy.lost == 2
    assert_kept(world, [reference])


def test_answers_lost_under_load_break_no_promise(world: Stack) -> None:
    with (
        CommitLosingProxy(world.postgres.port) as proxy,
        world.site(DATABASE_URL=world.postgres.url(proxy.port)) as site,
        load(site.url, world.buyers, world.shows) as running,
    ):
        time.sleep(1)
        begin = time.monotonic()
        for _ in range(5):
            proxy.lose_commits(2)
            time.sleep(0.3)
        end = time.monotonic() + 1
        time.sleep(2)
    assert proxy.lost >= 5
    assert running.failures_outside(begin, end) == []
    assert_kept(world, running.confirmed)


def test_a_show_whose_lock_never_comes_is_refused_in_time_and_blocks_no_other(
    world: Stack, site: Program
) -> None:
    stuck, others = world.quiet[4], world.shows
    with world.postgres.connect() as other, other.transaction():
        other.execute("SELECT 1 FROM shows_show WHERE id = %s FOR UPDATE", (stuck,))
        # A thread of every worker is left, and a connection of its pool.
        with (
            load(site.url, world.buyers[: THREADS - 1], [stuck]) as waiting,
            load(site.url, world.buyers[THREADS - 1 :], others) as buying,
        ):
            time.sleep(6)
    refused = [a for a in waiting.answers if a.what == "hold" and a.status == 409]
    assert refused
    assert all(3.5 < a.seconds < 9 for a in refused), [a.seconds for a in refused]
    assert [a.status for a in waiting.failures() + buying.failures()] == []
    assert max(a.seconds for a in buying.answers) < 2
    assert_kept(world, buying.confirmed)


def test_a_server_without_a_connection_to_spare_is_waited_for(world: Stack, site: Program) -> None:
    """The pools live on the connections they have until others are free again."""
    taken = []
    with load(site.url, world.buyers[:2], world.shows) as few:
        time.sleep(1)
        while (connection := world.postgres.connect_if_it_can()) is not None:
            taken.append(connection)
        with load(site.url, world.buyers[2:], world.shows) as many:
            time.sleep(2)
            for connection in taken:
                connection.close()
            end = time.monotonic()
            time.sleep(3)
    assert len(taken) > 10
    assert [a.status for a in few.failures() + many.failures()] == []
    assert many.confirmed_after(end) > 0
    assert_kept(world, few.confirmed + many.confirmed)
