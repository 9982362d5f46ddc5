"""The leading database is moved, cut off or lost while people book.

One cluster serves all experiments, and each repairs what the one before has broken. `make cluster`
runs each several times. Times have generous limits here: this machine may be busy.
"""

import pytest
import yaml

from tests.cluster.buying import Site
from tests.cluster.database import until
from tests.cluster.experiments import (
    Outcome,
    cut_off_leader,
    cut_power,
    cut_power_of_a_leader_that_is_alone,
    switch_over,
)
from tests.cluster.ops_files import OPS

TTL = yaml.safe_load((OPS / "patroni.yml").read_text())["bootstrap"]["dcs"]["ttl"]
# What a busy machine may need on top, in seconds.
BUSY = 120


@pytest.fixture
def whole(site: Site) -> Site:
    """The site, with all three database hosts together."""
    site.cluster.restore()
    site.forget_bookings()
    return site


def check(outcome: Outcome) -> None:
    """Nothing that a buyer was told is lost, no seat is sold twice, and no answer was a 500."""
    print(outcome)
    assert outcome.told > 0
    assert outcome.lost == set()
    assert outcome.sold_twice == []
    assert outcome.broken_rules == []
    assert outcome.unexpected == []


def test_in_a_planned_switchover_buyers_are_asked_to_try_again_for_seconds(whole: Site) -> None:
    cluster = whole.cluster
    (successor, _other) = cluster.standbys()
    cluster.lead_etcd_on(successor)
    outcome = switch_over(whole, to=successor)
    check(outcome)
    assert outcome.longest_gap < BUSY
    assert cluster.leader() is successor
    # Patroni called move_etcd_leader.sh: one host is not the leader of both.
    until(lambda: cluster.leader_of_etcd() not in (None, successor), "etcd leads elsewhere")


def test_a_leader_without_the_others_stops_and_comes_back_as_a_standby(whole: Site) -> None:
    outcome = cut_off_leader(whole)
    check(outcome)
    # It must stop before another one may begin.
    assert outcome.refused < TTL
    assert outcome.first_told < TTL + BUSY


def test_no_told_confirmation_is_lost_when_the_leader_loses_its_power(whole: Site) -> None:
    outcome = cut_power(whole)
    check(outcome)
    assert outcome.first_told < TTL + BUSY


def test_without_a_quorum_told_confirmations_are_lost(site: Site) -> None:
    """The control. The losses are those of the replication, not of the site.

    One standby is enough, so a host that the test before has lost is not switched on first.
    """
    site.cluster.set_quorum(False)
    outcome = cut_power_of_a_leader_that_is_alone(site)
    print(outcome)
    assert len(outcome.lost) >= 1
    # What was confirmed before has arrived.
    assert len(outcome.lost) < outcome.told
