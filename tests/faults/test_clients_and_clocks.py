"""Slow clients, and web hosts whose clocks are wrong."""

import socket
import time
from contextlib import ExitStack
from itertools import cycle
from urllib.parse import urlsplit

import pytest

from .conftest import assert_kept
from .load import LONGEST_WAIT, Buyer, load
from .site import THREADS, WORKERS, Program, Stack

BEGINNINGS = [
    b"",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n",
    b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc",
]


def test_clients_that_never_finish_their_request_keep_no_one_waiting(
    world: Stack, site: Program
) -> None:
    """Behind them all would wait until they are hung up on, after ARRIVAL_SECONDS."""
    deadline = time.monotonic() + LONGEST_WAIT
    # A busy machine may take that long to serve everybody: then it shows nothing yet.
    while not are_served_beside_silent_clients(world, site):
        assert time.monotonic() < deadline


def are_served_beside_silent_clients(world: Stack, site: Program) -> bool:
    """Whether all buyers were, before the first of the others was hung up on."""
    with ExitStack() as clients:
        address = ("127.0.0.1", urlsplit(site.url).port)
        silent = [
            clients.enter_context(socket.create_connection(address))
            for _ in range(WORKERS * THREADS * 2)
        ]
        for client, beginning in zip(silent, cycle(BEGINNINGS), strict=False):
            client.sendall(beginning)
        time.sleep(0.5)
        with load(site.url, world.buyers, world.shows) as running:
            time.sleep(2)
            running.wait_until_all_are_served()
            are_kept = all(map(is_kept, silent))
    assert running.failures() == []
    assert_kept(world, running.confirmed)
    return are_kept


def is_kept(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        client.recv(1)
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    return False


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
