"""Processes of the site die under load."""

import time
from contextlib import suppress

import psutil

from tests.faults.load import BROKEN, Buyer, load
from tests.faults.outcomes import (
    assert_kept,
    lapse,
    wait_for_status,
    wait_until_someone_waits_for_a_lock,
)
from tests.faults.site import Program, Stack
from tests.support.deployed_site import NO_LOCK_TIMEOUT


def test_web_workers_killed_over_and_over_lose_nothing_that_was_shown(
    world: Stack, site: Program
) -> None:
    master = site.process.pid
    with load(site.url, world.buyers, world.shows) as running:
        running.wait_until_all_are_served()
        begin = time.monotonic()
        for _ in range(8):
            for worker in site.children()[:1]:
                # The worker may have ended already.
                with suppress(psutil.NoSuchProcess):
                    worker.kill()
            time.sleep(0.25)
        # A new worker has the whole application to import.
        end = running.wait_until_well()
        running.wait_until_all_are_served()
    assert site.process.pid == master
    assert site.process.poll() is None
    assert {a.status for a in running.failures()} <= {BROKEN}
    assert running.failures_outside(begin, end) == []
    assert running.confirmed_after(end) > 0
    assert_kept(world, running.confirmed)


def test_without_celery_a_lapsed_hold_is_sold_and_its_return_sweeps_the_rest(
    world: Stack, site: Program
) -> None:
    (show, quiet), (late, next_buyer) = world.shows[:2], world.buyers[:2]
    with world.celery() as celery, load(site.url, world.buyers[2:], world.shows[2:]) as running:
        running.wait_until_all_are_served()
        begin = time.monotonic()
        celery.kill()
        time.sleep(1)
        reference = Buyer(site.url, late).hold(show, ["R1-1", "R1-2"])
        other = Buyer(site.url, late).hold(quiet, ["R20-20"])
        assert reference
        assert other
        lapse(world, reference)
        lapse(world, other)
        buyer = Buyer(site.url, next_buyer)
        taken = buyer.hold(show, ["R1-2", "R1-3"])
        assert buyer.confirm(taken)
    assert running.failures_outside(begin, begin) == []
    # A supervisor would start it again; a sweep was queued in the meantime.
    world.sweep()
    with world.celery():
        wait_for_status(world, other, "FAILED")
    ((status,),) = world.query(
        "SELECT status FROM bookings_booking WHERE reference = %s", reference
    )
    assert status == "FAILED"
    assert_kept(world, [taken, *running.confirmed])


def test_a_celery_child_killed_in_its_sweep_is_replaced_and_the_sweep_done(
    world: Stack, site: Program
) -> None:
    with world.celery(**NO_LOCK_TIMEOUT) as celery:
        buyer = Buyer(site.url, world.buyers[0])
        reference = buyer.hold(world.shows[2], ["R1-1"])
        lapse(world, reference)
        with world.postgres.connect() as other, other.transaction():
            # The sweep waits for this show, and is killed while it waits.
            other.execute("SELECT 1 FROM shows_show WHERE id = %s FOR UPDATE", (world.shows[2],))
            world.sweep()
            wait_until_someone_waits_for_a_lock(world)
            for child in celery.children():
                child.kill()
        world.sweep()
        wait_for_status(world, reference, "FAILED")
