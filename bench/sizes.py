"""Measures sweeps, memory, and how times change with the number of shows and seats."""

import json
import statistics
import threading
from collections.abc import Callable, Mapping
from functools import partial

from bench import client, measures, worlds
from bench.client import Result
from bench.data import Filler, World
from bench.report import Report
from bench.sites import Database, Site, memory, serve
from bench.worlds import Holds


def sweep(report: Report, site: Site, holds: Holds, filler: Filler, database: Database) -> None:
    """Sweep 10,000 lapsed holds of 400 shows: alone, and while people hold seats of these shows."""
    report.section("Sweep of 10,000 lapsed holds over 400 shows")
    rates, locks = [], []
    shows = filler.shows(400, 100)
    for _ in range(2):
        filler.lapsed_holds(shows, 25)
        found = json.loads(database.python("bench.sweep"))
        rates.append(found["count"] / found["seconds"])
        if found["count"] != 10_000:
            report.problems.append(f"sweep: {found}")
    filler.lapsed_holds(shows, 25)
    buyers = Holds(holds.people, shows, 60)
    calm = client.load(site.url, buyers.take(2_000), clients=4, seconds=3)
    buyers.used(calm)
    found = {}
    sweeper = threading.Thread(
        target=lambda: found.update(json.loads(database.python("bench.sweep")))
    )
    sweeper.start()
    swept = client.load(site.url, buyers.take(5_000), clients=4, seconds=6)
    sweeper.join()
    report.record("holds beside a sweep", [calm, swept], allowed=(measures.REDIRECT,))
    locks.append(found["longest_lock_ms"])
    report.at_least(
        "holds swept per second", f"{statistics.median(rates):.0f}", statistics.median(rates), 3_000
    )
    report.at_most(
        "longest that a sweep keeps a show, ms, under load",
        f"{max(locks):.1f}; holds beside {measures.times(swept)}, before {measures.times(calm)}",
        max(locks),
        50,
    )


def growing_memory(report: Report, database: Database, people: World, shows: list[int]) -> None:
    """Measure how much memory the workers of a new site gain over more than 20,000 requests."""
    report.section("memory of a worker over 20,000 requests")
    holds = Holds(people, shows, 250, first=60)
    with serve("bookmyshow.wsgi", database) as site:
        mixed = [
            *worlds.polls(site.url, shows[:20], stale=True),
            *[measures.SHOW_LIST] * 20,
            *measures.searches()[:20],
            *[client.get(f"/shows/{show}/") for show in shows[:20]],
            *[client.get("/")] * 5,
        ]
        polls = worlds.polls(site.url, shows[:20])

        def use(times_over: int) -> int:
            total = 0
            for requests in (
                mixed * 10 * times_over,
                polls * 30 * times_over,
                holds.take(200 * times_over),
            ):
                result = client.load(site.url, requests, clients=measures.CLIENTS, once=True)
                holds.used(result) if b"/hold/" in requests[0] else None
                total += result.requests
            return total

        # These requests are not counted: they fill the pools, plans and caches of both workers.
        use(6)
        before = [memory(worker)[0] for worker in site.workers]
        done = use(14)
        after = [memory(worker) for worker in site.workers]
    growth = max(now / then - 1 for (now, _), then in zip(after, before, strict=True))
    peak = max(peak for _, peak in after)
    report.at_most("peak memory of a worker, MiB", f"{peak:.0f}", peak, 120)
    report.at_most(
        f"growth over {done:,} requests, %",
        ", ".join(
            f"{then:.1f} → {now:.1f} MiB" for then, (now, _) in zip(before, after, strict=True)
        ),
        growth * 100,
        2,
    )


def poll(site: Site, shows: list[int]) -> Result:
    return measures.repeat(site, worlds.polls(site.url, shows[:20]))()


def halls(report: Report, site: Site, filler: Filler, people: World) -> None:
    """Compare polls and holds of small and large halls."""
    report.section("Halls of 100 and of 2,000 seats")
    small, large = filler.shows(40, 100), filler.shows(40, 2_000)
    rates = measures.alternate(
        report,
        {
            f"unchanged poll, {seats} seats": partial(poll, site, shows)
            for seats, shows in (("100", small), ("2,000", large))
        },
        allowed=(measures.OK, measures.UNCHANGED),
    )
    slow, fast = rates["unchanged poll, 2,000 seats"], rates["unchanged poll, 100 seats"]
    report.at_most(
        "unchanged poll, time in 2,000 ÷ in 100 seats",
        f"{slow:.0f}/s, {fast:.0f}/s",
        fast / slow,
        1.1,
    )
    queues = {seats: Holds(people, shows, seats) for seats, shows in ((100, small), (2_000, large))}
    held = measures.alternate(
        report,
        {
            f"hold, {seats} seats": partial(measures.holding, site, queue, 2)
            for seats, queue in queues.items()
        },
        allowed=(measures.REDIRECT,),
        rounds=2,
    )
    report.note(
        "hold, time in 2,000 ÷ in 100 seats",
        f"{held['hold, 2000 seats']:.0f}/s, {held['hold, 100 seats']:.0f}/s",
        held["hold, 100 seats"] / held["hold, 2000 seats"],
    )


def growth(
    report: Report,
    sides: Mapping[str, tuple[Site, Filler, list[int]]],
    people: World,
) -> None:
    """Measure polls, lists, search, hold and confirm with 100 and with 4,000 shows."""
    report.section("100 shows (25,000 seats) and 4,000 shows (1 million seats, 500,000 bookings)")
    queues = {size: Holds(people, shows, 250, first=126) for size, (_, _, shows) in sides.items()}
    pending: dict[str, list[tuple[str, int, int]]] = {}

    def confirm(size: str) -> Result:
        site, filler, _ = sides[size]
        waiting = pending.setdefault(size, measures.pending_bookings(filler))
        result = client.load(
            site.url, worlds.confirms(people, waiting[:2_000]), clients=measures.CLIENTS, seconds=1
        )
        del waiting[: result.used]
        return result

    kinds: dict[str, tuple[Callable[[str], Result], tuple[int, ...]]] = {
        "unchanged poll": (
            lambda size: measures.repeat(
                sides[size][0], worlds.polls(sides[size][0].url, sides[size][2][:20]), 2
            )(),
            (measures.OK, measures.UNCHANGED),
        ),
        "changed poll": (
            lambda size: measures.repeat(
                sides[size][0], worlds.polls(sides[size][0].url, sides[size][2][:20], stale=True), 2
            )(),
            (measures.OK,),
        ),
        "show list": (
            lambda size: measures.repeat(sides[size][0], [measures.SHOW_LIST], 2)(),
            (measures.OK,),
        ),
        "film search": (
            lambda size: measures.repeat(sides[size][0], measures.searches(), 2)(),
            (measures.OK,),
        ),
        "hold": (
            lambda size: measures.holding(sides[size][0], queues[size], 2),
            (measures.REDIRECT,),
        ),
        "confirm": (confirm, (measures.REDIRECT,)),
    }
    for kind, (run, allowed) in kinds.items():
        rates = measures.alternate(
            report,
            {f"{kind}, {size}": partial(run, size) for size in sides},
            allowed=allowed,
        )
        small, large = rates.values()
        report.at_most(
            f"{kind}, time at 4,000 ÷ at 100 shows",
            f"{large:.0f}/s, {small:.0f}/s",
            small / large,
            1.2,
        )
