"""Valkey (cache and queue) dies or stops answering under load."""

import pickle
import signal
import time
from pathlib import Path
from typing import Any

import redis
from celery import Celery

from tests.faults.load import Buyer, load, nearly_longest, usual_limit
from tests.faults.outcomes import (
    assert_kept,
    lapse,
    wait_for_status,
    wait_until_someone_waits_for_a_lock,
)
from tests.faults.site import Program, Stack
from tests.support.deployed_site import NO_LOCK_TIMEOUT


def test_buyers_go_on_without_a_cache_and_never_see_an_error(world: Stack, site: Program) -> None:
    with load(site.url, world.buyers, world.shows) as running:
        running.wait_until_all_are_served()
        world.valkey.kill()
        time.sleep(1)
        running.wait_until_all_are_served()
        world.valkey.start()
        time.sleep(1)
        running.wait_until_all_are_served()
    assert [a.status for a in running.failures()] == []
    assert_kept(world, running.confirmed)


def test_a_cache_that_says_nothing_slows_buyers_and_stops_none(world: Stack, site: Program) -> None:
    with load(site.url, world.buyers, world.shows) as running:
        running.wait_until_all_are_served()
        quick = usual_limit(running.answers, 1.5)
        assert world.valkey.process is not None
        world.valkey.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(3)
            running.wait_until_all_are_served()
        finally:
            world.valkey.process.send_signal(signal.SIGCONT)
        end = time.monotonic()
        time.sleep(1)
        running.wait_until_all_are_served()
        running.wait_until(
            lambda: nearly_longest([a for a in running.answers if a.at > end]) < quick
        )
    assert [a.status for a in running.failures()] == []
    assert_kept(world, running.confirmed)


def test_celery_finds_the_queue_again_after_it_died(world: Stack, site: Program) -> None:
    with world.celery():
        buyer = Buyer(site.url, world.buyers[1])
        first = buyer.hold(world.shows[6], ["R1-1"])
        lapse(world, first)
        world.sweep()
        wait_for_status(world, first, "FAILED")
        world.valkey.kill()
        time.sleep(1)
        world.valkey.start()
        second = buyer.hold(world.shows[6], ["R1-2"])
        lapse(world, second)
        world.sweep()
        wait_for_status(world, second, "FAILED")


def test_celery_survives_a_queue_that_dies_while_a_task_is_on(world: Stack, site: Program) -> None:
    show = world.shows[6]
    # The task is on until the show is free, however long this machine takes for the rest.
    with world.celery(**NO_LOCK_TIMEOUT) as celery:
        buyer = Buyer(site.url, world.buyers[1])
        first = buyer.hold(show, ["R1-1"])
        lapse(world, first)
        with world.postgres.connect() as other, other.transaction():
            other.execute("SELECT 1 FROM shows_show WHERE id = %s FOR UPDATE", (show,))
            world.sweep()
            wait_until_someone_waits_for_a_lock(world)
            world.valkey.kill()
            # Wait until the worker has noticed it and closed its connections.
            celery.wait_until_it_says("Trying again")
        wait_for_status(world, first, "FAILED")
        world.valkey.start()
        second = buyer.hold(show, ["R1-2"])
        lapse(world, second)
        world.sweep()
        wait_for_status(world, second, "FAILED")
        assert celery.process.poll() is None


def test_garbage_in_every_entry_of_the_cache_is_no_error(world: Stack, site: Program) -> None:
    with load(site.url, world.buyers, world.shows) as running:
        running.wait_until_all_are_served()
        with redis.Redis.from_url(world.valkey.url()) as server:
            for garbage in (b"garbage", b"12", b"\x80\x05}.", b"bms1\xc1"):
                for key in server.scan_iter("bms:2:*"):
                    server.set(key, garbage)
                running.wait_until_all_are_served()
    assert [a.status for a in running.failures()] == []
    assert_kept(world, running.confirmed)


class Trap:
    """An object whose pickle writes a file when it is read."""

    def __init__(self, sprung: Path) -> None:
        self._sprung = sprung

    def __reduce__(self) -> Any:
        return (Path.write_text, (self._sprung, "sprung"))


def test_a_pickled_task_is_not_run_and_the_next_one_is(
    world: Stack, site: Program, tmp_path: Path
) -> None:
    sprung = tmp_path / "sprung"
    with world.celery() as celery:
        reference = Buyer(site.url, world.buyers[1]).hold(world.shows[6], ["R1-1"])
        lapse(world, reference)
        with Celery(broker=world.valkey.url(), set_as_current=False) as queue:
            name = "bookings.tasks.release_expired_holds"
            queue.send_task(name, args=[Trap(sprung)], serializer="pickle")
        world.sweep()
        wait_for_status(world, reference, "FAILED")
        celery.wait_until_it_says("Refusing to deserialize")
    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.exists(), "the trap works"
