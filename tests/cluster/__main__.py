"""``make cluster``: the experiments of this folder, several times each; prints their figures."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.cluster.buying import Site
from tests.cluster.database import Cluster
from tests.cluster.experiments import (
    Outcome,
    cut_off_leader,
    cut_power,
    cut_power_of_a_leader_that_is_alone,
    describe,
    switch_over,
)
from tests.cluster.network import Network, not_possible
from tests.support.not_run import NOT_RUN

EXPERIMENTS: dict[str, Callable[[Site], Outcome]] = {
    "switchover": switch_over,
    "partition": cut_off_leader,
    "power": cut_power,
}
CONTROL = "asynchronous"


def run(site: Site, only: set[str], rounds: int) -> bool:
    """Run the experiments and print their figures. Returns whether all of them were right.

    Right is: no told confirmation is lost and no seat is sold twice. In the control, confirmations
    must be lost.
    """
    right = True
    for name, experiment in EXPERIMENTS.items():
        if name in only:
            outcomes = [once(site, experiment) for _ in range(rounds)]
            print(describe(name, outcomes), flush=True)
            right &= all(each.is_right() for each in outcomes)
    if CONTROL in only:
        site.cluster.repair()
        site.cluster.set_quorum(False)
        alone = [once(site, cut_power_of_a_leader_that_is_alone) for _ in range(rounds)]
        print(describe(f"{CONTROL} (the control: losses are expected)", alone), flush=True)
        right &= all(each.lost for each in alone)
    return right


def once(site: Site, experiment: Callable[[Site], Outcome]) -> Outcome:
    site.cluster.repair()
    site.forget_bookings()
    return experiment(site)


def main() -> int:
    """Returns 1 if the experiments can't run here, or if one of them failed."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__)
    names = (*EXPERIMENTS, CONTROL)
    parser.add_argument("--only", default=",".join(names), help="some of " + ",".join(names))
    parser.add_argument("--rounds", type=int, default=5, help="how often each runs (5)")
    chosen = parser.parse_args()
    if reason := not_possible("etcd", "etcdctl"):
        print(f"{NOT_RUN}: {reason}", file=sys.stderr)
        return 1
    print(f"load average {psutil.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Network(("db1", "db2", "db3", "web1")) as network,
    ):
        cluster = Cluster(network, network["web1"], Path(folder))
        cluster.start()
        site = Site(cluster, network["web1"], Path(folder))
        site.start()
        return 0 if run(site, set(chosen.only.split(",")), chosen.rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
