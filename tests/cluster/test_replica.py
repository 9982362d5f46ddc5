"""While the replicas are behind, nobody sees an old seat map or old bookings."""

import json
from collections.abc import Iterator

import pytest

from tests.cluster.buying import Site
from tests.cluster.database import until
from tests.cluster.network import LONGEST_WAIT
from tests.faults.load import Buyer

URL = "http://127.0.0.1:8001"
# Longer than the test takes on the slowest machine.
SECONDS_BEHIND = 3_600
ROUNDS = 3


@pytest.fixture
def reading_site(site: Site) -> Iterator[Site]:
    """At URL: the site with a replica."""
    site.cluster.restore()
    site.forget_bookings()
    process = site.serve(URL, DATABASE_REPLICA_URL=site.cluster.replica_url())
    try:
        yield site
    finally:
        site.cluster.delay_standbys(0)
        process.terminate()
        process.wait(LONGEST_WAIT)


def is_free_on_the_map(buyer: Buyer, show: int, label: str) -> bool:
    answer = buyer.get("show", f"/api/shows/{show}")
    assert answer.status == 200
    (seat,) = (s for s in json.loads(answer.body)["data"]["seats"] if s["seatNumber"] == label)
    return bool(seat["isAvailable"])


def is_free_on_all_standbys(site: Site, show: int, label: str) -> bool:
    query = b"SELECT booking_id FROM shows_seat WHERE show_id = %s AND label = %s"
    found = []
    for host in site.cluster.standbys():
        with site.cluster.connect(host) as connection:
            found += connection.execute(query, (show, label)).fetchall()
    return found == [(None,), (None,)]


def test_map_hold_and_own_bookings_are_never_old(reading_site: Site) -> None:
    site = reading_site
    one, other = (Buyer(URL, session) for session in site.sessions[:2])
    show = site.shows[0]
    until_a_replica_is_used(site, other)
    site.cluster.delay_standbys(SECONDS_BEHIND)
    with site.web.inside():
        for number in range(1, ROUNDS + 1):
            label = f"R1-{number}"
            assert is_free_on_the_map(other, show, label)
            reference = one.hold(show, [label])
            assert reference
            assert not is_free_on_the_map(other, show, label)
            assert not is_free_on_the_map(one, show, label)
            assert other.hold(show, [label]) == ""
            assert reference in one.get("bookings", "/bookings/").body.decode()
            assert one.confirm(reference)
            assert reference in one.get("bookings", "/bookings/").body.decode()
            # The control: a site that asked a standby for the map would have said "free".
            assert is_free_on_all_standbys(site, show, label)


def until_a_replica_is_used(site: Site, buyer: Buyer) -> None:
    """Wait until the site reads films from a standby, which has everything."""
    query = b"SELECT 1 FROM pg_stat_activity WHERE usename = 'bookmyshow'"

    def is_connected() -> bool:
        with site.web.inside():
            buyer.get("films", "/api/movies")
        for host in site.cluster.standbys():
            with site.cluster.connect(host) as connection:
                if connection.execute(query).fetchone():
                    return True
        return False

    until(is_connected, "the site is connected to a standby")
