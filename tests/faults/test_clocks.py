"""Web hosts whose clocks are wrong."""

import pytest

from tests.faults.load import Buyer
from tests.faults.outcomes import assert_kept
from tests.faults.site import Program, Stack


@pytest.mark.parametrize("seconds", [7_200, -7_200], ids=["fast", "slow"])
def test_a_web_host_with_a_wrong_clock_sells_by_the_databases(
    world: Stack, site: Program, seconds: int
) -> None:
    """One hold is made on a host with the right time and confirmed on this one; another one vice
    versa."""
    show = world.shows[7 if seconds > 0 else 8]
    wrong_clock = {"APPLICATION": "tests.faults.two_clocks", "CLOCK_SHIFT": str(seconds)}
    with world.site(**wrong_clock) as wrong:
        here, there = Buyer(site.url, world.buyers[0]), Buyer(wrong.url, world.buyers[0])
        first = here.hold(show, ["R1-1"])
        assert there.confirm(first)
        second = there.hold(show, ["R1-2"])
        assert here.see(second) == "PENDING"
        # While the hold is live, other people can't take the seat on either host.
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
