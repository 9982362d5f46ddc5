"""What happens to buyers when the leading database is lost, cut off or moved.

Each experiment runs while buyers buy, and returns an `Outcome`: what they were told (`buying`),
what of it is lost, and how long nothing could be bought. The tests run each once, `make cluster`
several times.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import median

import psycopg

from tests.cluster.buying import Shopping, Site
from tests.cluster.database import until
from tests.cluster.network import Host

# With asynchronous replication: how many told confirmations are on the leader only at its end.
ALONE = 5


@dataclass
class Outcome:
    """The figures of one experiment. Times are seconds after the fault."""

    told: int = 0
    lost: set[str] = field(default_factory=set)
    sold_twice: list[tuple[int, str]] = field(default_factory=list)
    broken_rules: list[str] = field(default_factory=list)
    #: The first confirmation that was asked for after the fault.
    first_told: float = 0.0
    #: The longest time without any confirmation.
    longest_gap: float = 0.0
    #: When the leader that was cut off took no more changes; when, after its return, all hosts were
    #: together again.
    refused: float = 0.0
    whole: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    #: Errors that are not "try again".
    unexpected: list[str] = field(default_factory=list)

    def is_right(self) -> bool:
        """Whether nothing that was told is lost, no seat sold twice, and no answer a 500."""
        wrong = (self.lost, self.sold_twice, self.broken_rules, self.unexpected)
        return self.told > 0 and not any(wrong)

    def __str__(self) -> str:
        times = {
            "first confirmation": self.first_told,
            "longest gap": self.longest_gap,
            "refused": self.refused,
            "whole again": self.whole,
        }
        shown = "".join(f"; {name} {seconds:.1f} s" for name, seconds in times.items() if seconds)
        wrong = len(self.sold_twice), len(self.broken_rules)
        return (
            f"told {self.told}, lost {len(self.lost)}, seats twice {wrong[0]}, rules broken"
            f" {wrong[1]}{shown}; answers {dict(sorted(self.statuses.items()))}"
        )


def outcome(site: Site, shopping: Shopping, begin: float, **figures: float) -> Outcome:
    """Compare what buyers were told with the leading database, after the load has ended."""
    end = max((answer.at + answer.seconds for answer in shopping.answers), default=begin)
    return Outcome(
        told=len(shopping.told),
        lost=site.lost(list(shopping.told)),
        sold_twice=site.sold_twice(),
        broken_rules=site.broken_rules(),
        longest_gap=shopping.longest_gap(begin, end),
        statuses=shopping.statuses(),
        unexpected=[f"{a.what} {a.status} {a.at - begin:+.2f} s" for a in shopping.unexpected()],
        **figures,
    )


def cut_power(site: Site) -> Outcome:
    """The leading host loses its power."""
    leader = site.cluster.leader()
    with site.shopping() as shopping:
        moment = leader.power_off()
        first = shopping.first_told_after(moment)
        shopping.wait_until_all_are_served()
    return outcome(site, shopping, moment, first_told=first)


def cut_power_of_a_leader_that_is_alone(site: Site) -> Outcome:
    """The leading host loses its connection to the others, and a moment later its power.

    Without a quorum it confirms bookings in that moment, and nobody else knows of them: what the
    standbys don't have is lost, whichever of them leads next. So this waits for no new leader.
    """
    leader = site.cluster.leader()
    others = [host for host in site.cluster.standbys() if not host.is_off]
    with site.shopping() as shopping:
        alone = time.monotonic()
        leader.cut_off_from(*others)
        until(lambda: len(shopping.told_after(alone)) >= ALONE, "confirmations by it alone")
        shopping.stop.set()
        leader.power_off()
        leader.rejoin()
    told = shopping.told
    site.cluster.wait_until_replayed(others)
    return Outcome(
        told=len(told), lost=site.lost(list(told), *others), statuses=shopping.statuses()
    )


def cut_off_leader(site: Site) -> Outcome:
    """The leading host loses its connection to the others. The site still reaches it."""
    leader = site.cluster.leader()
    with site.shopping() as shopping:
        leader.cut_off_from(*site.cluster.standbys())
        moment = time.monotonic()
        refused = until(lambda: refuses(site, leader), "the old leader refuses changes") - moment
        first = shopping.first_told_after(moment)
        shopping.wait_until_all_are_served()
        leader.rejoin()
        rejoined = time.monotonic()
        whole = site.cluster.wait_until_whole() - rejoined
    return outcome(site, shopping, moment, refused=refused, first_told=first, whole=whole)


def refuses(site: Site, host: Host) -> bool:
    """Whether the host's database takes no changes: it is down or a standby."""
    try:
        with site.cluster.connect(host) as connection:
            return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
    except psycopg.OperationalError:
        return True


def switch_over(site: Site, to: Host | None = None) -> Outcome:
    """The leader is moved to another host, as before the maintenance of a host.

    By default to whichever standby is first. If it is named, the other standby waits for 2 s before
    it follows, and confirmations wait for it.
    """
    with site.shopping() as shopping:
        moment = time.monotonic()
        site.cluster.switch_over(to)
        shopping.wait_until_all_are_served()
    return outcome(site, shopping, moment)


def describe(name: str, outcomes: list[Outcome]) -> str:
    """A line for each run, and the median and maximum of their times."""
    lines = [f"{name}:", *(f"  {each}" for each in outcomes)]
    for figure in ("first_told", "longest_gap", "refused", "whole"):
        values = sorted(getattr(each, figure) for each in outcomes)
        if values[-1]:
            lines.append(f"  {figure}: median {median(values):.1f} s, maximum {values[-1]:.1f} s")
    return "\n".join(lines)
