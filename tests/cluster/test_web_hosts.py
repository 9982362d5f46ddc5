"""Web hosts behind HAProxy: one is killed, and all are restarted, while people buy."""

import os
import time

from tests.cluster.database import until
from tests.cluster.network import LONGEST_WAIT
from tests.cluster.web_hosts import BUYERS, NAMES, WebHosts
from tests.faults.load import Load

# The full size restarts all web hosts. CI restarts one, because each takes its time to start.
RESTARTED = NAMES if os.environ.get("CLUSTER_SIZE") == "full" else NAMES[:1]


def assert_nothing_is_lost_or_twice(webs: WebHosts, running: Load) -> None:
    """Each confirmation that was shown is there, and no seat was sold twice."""
    rows = webs.query(
        "SELECT reference FROM bookings_booking WHERE status = 'CONFIRMED' AND reference = ANY(%s)",
        running.confirmed,
    )
    assert running.confirmed
    assert {reference for (reference,) in rows} == set(running.confirmed)
    twice = webs.query(
        "SELECT show_id, label FROM bookings_booking CROSS JOIN LATERAL unnest(seats) label"
        " WHERE status = 'CONFIRMED' GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert twice == []
    assert webs.broken_rules() == []


def test_no_request_fails_while_one_host_after_the_other_is_restarted(webs: WebHosts) -> None:
    webs.repair()
    with webs.shopping() as running:
        running.wait_until_all_are_served()
        for name in RESTARTED:
            # The host is drained while the file `restarting` is there.
            restarting = webs.folder / "restarting"
            restarting.touch()
            drained = webs.drained(name, f"while [ -e {restarting} ]; do sleep 0.1; done")
            until(lambda name=name: webs.states()[name] == "NOLB", "HAProxy drains the host")  # type: ignore[misc]
            webs.stop_gunicorn(name)
            webs.start_gunicorn(name)
            restarting.unlink()
            assert drained.wait(LONGEST_WAIT) == 0
            until(lambda name=name: webs.states()[name] == "UP", "the host in use again")  # type: ignore[misc]
        running.wait_until_all_are_served()
    assert [(a.what, a.status) for a in running.failures()] == []
    assert_nothing_is_lost_or_twice(webs, running)


def test_a_host_that_loses_its_power_costs_only_the_requests_that_it_had(webs: WebHosts) -> None:
    webs.repair()
    with webs.shopping() as running:
        running.wait_until_all_are_served()
        begin = time.monotonic()
        webs.network["web3"].power_off()
        off = time.monotonic()
        until(lambda: webs.states()["web3"] == "DOWN", "HAProxy leaves the host")
        noticed = time.monotonic() - off
        running.wait_until_all_are_served()
        running.wait_until_all_are_served()
    failed = running.failures()
    print(
        f"web host without power: out of use after {noticed:.1f} s; {len(failed)} of"
        f" {len(running.answers)} requests failed, the slowest other took"
        f" {max(a.seconds for a in running.answers if a not in failed):.1f} s"
    )
    # They had been sent before the power was cut, and were not answered.
    assert all(a.at < off and a.at + a.seconds > begin for a in failed), failed
    assert len(failed) <= BUYERS
    assert_nothing_is_lost_or_twice(webs, running)
