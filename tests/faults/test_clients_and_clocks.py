"""Slow clients, and web hosts whose clocks are wrong."""

import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from bookmyshow.worker import ARRIVAL_SECONDS

from .conftest import assert_kept
from .load import Buyer, load
from .site import THREADS, WORKERS, Program, Stack


def test_clients_that_never_finish_their_request_keep_no_one_waiting(
    world: Stack, site: Program
) -> None:
    with ExitStack() as clients:
        host, port = urlsplit(site.url).netloc.split(":")
        beginnings = [
            b"",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n",
            b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc",
        ]
        for number in range(WORKERS * THREADS * 2):
            slow = clients.enter_context(socket.create_connection((host, int(port))))
            slow.sendall(beginnings[number % len(beginnings)])
        time.sleep(0.5)
        begin = time.monotonic()
        with load(site.url, world.buyers, world.shows) as running:
            time.sleep(2)
            running.wait_until_all_are_served()
        assert running.failures_outside(begin, begin) == []
        # Behind a client that says nothing they would wait for ARRIVAL_SECONDS.
        assert max(a.seconds for a in running.answers) < ARRIVAL_SECONDS / 2
    assert_kept(world, running.confirmed)


@pytest.mark.parametrize("seconds", [7_200, -7_200], ids=["fast", "slow"])
def test_a_web_host_with_a_wrong_clock_sells_by_the_databases(
    world: Stack, site: Program, seconds: int
) -> None:
    """Held on a host with the right time and confirmed on this one, and the other way round."""
    show = world.shows[7 if seconds > 0 else 8]
    wrong_clock = {"APPLICATION": "tests.faults.two_clocks", "CLOCK_SHIFT": str(seconds)}
    with world.site(**wrong_clock) as wrong:
        here, there = Buyer(site.url, world.buyers[0]), Buyer(wrong.url, world.buyers[0])
        first = here.hold(show, ["R1-1"])
        assert there.confirm(first)
        second = there.hold(show, ["R1-2"])
        assert here.see(second) == "PENDING"
        # Someone else gets it on neither host while it lives.
        assert Buyer(wrong.url, world.buyers[1]).hold(show, ["R1-2"]) == ""
        assert Buyer(site.url, world.buyers[1]).hold(show, ["R1-2"]) == ""
        assert here.confirm(second)
        ((lasts,),) = world.query(
            "SELECT extract(epoch FROM expires_at - created_at)::int FROM bookings_booking"
            " WHERE reference = %s",
            second,
        )
        assert lasts == 120
    assert_kept(world, [first, second])
