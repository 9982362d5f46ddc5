"""``make bench``: all measurements in one run on one machine; ARGS="--only holds" for some."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack

import psutil

from bench import client, measures, pooled, sizes
from bench.data import Filler, World
from bench.report import Report
from bench.sites import SERVED, Database, serve
from bench.two_browsers import browsers
from bench.watchers import WATCHERS, watchers
from bench.worlds import Holds
from bookmyshow.environment import ROOT

TEMPLATE, MAIN = Database("bench_template", 1), Database("bench_main", 2)
SMALL, LARGE = Database("bench_small", 3), Database("bench_large", 4)
PARTS = (
    "reads",
    "holds",
    "hot",
    "one",
    "latency",
    "sweep",
    "memory",
    "halls",
    "watchers",
    "pgbouncer",
    "browsers",
    "growth",
)


def create_template() -> World:
    """Create the database from which all others are copied: films, and people who are logged in."""
    TEMPLATE.create()
    TEMPLATE.manage("migrate")
    TEMPLATE.manage("collectstatic", "--noinput")
    return World(**json.loads(TEMPLATE.python("bench.fill")))


def main() -> int:
    """Run the selected parts. Returns 1 if a measurement failed, but not for a missed target."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="some of " + ",".join(PARTS))
    parser.add_argument(
        "--watchers", type=int, default=WATCHERS, help="open seat maps of the part watchers"
    )
    chosen = parser.parse_args()
    only = set(chosen.only.split(","))
    try:
        client.check()
    except client.NoClientError as error:
        print(error, file=sys.stderr)
        return 1
    os.environ |= SERVED
    report = Report()
    report.raw["load_average"] = psutil.getloadavg()
    report.section(f"Making the databases; load average {psutil.getloadavg()[0]:.1f}")
    people = create_template()
    if only - {"growth"}:
        main_parts(report, people, only, chosen.watchers)
    if "growth" in only:
        growth(report, people)
    for problem in report.problems:
        print(f"problem: {problem}")
    report.write()
    return 1 if report.problems else 0


def main_parts(report: Report, people: World, only: set[str], watching: int) -> None:
    """Run all parts except growth, on one database with 400 shows of 250 seats."""
    MAIN.create(TEMPLATE.name)
    filler = Filler(MAIN.url)
    shows, raw_shows = filler.shows(400, 250), filler.shows(400, 250)
    # 80 sold-out shows, so that the table of bookings has rows. For an empty table PostgreSQL may
    # choose a bad plan, and prepared statements use that plan until autovacuum has analysed the
    # table, up to a minute later.
    filler.shows(80, 250, booked=250)
    filler.vacuum()
    holds = Holds(people, shows, 250)
    with ExitStack() as sites:
        site = sites.enter_context(serve("bookmyshow.wsgi", MAIN))
        empty = sites.enter_context(serve("bench.baselines.empty", MAIN))
        base = 0.0
        if only & {"reads", "holds"}:
            base = measures.reads(report, site, empty, shows)
        if "holds" in only:
            settings = {"DJANGO_SETTINGS_MODULE": "bench.baselines.raw_settings"}
            raw = sites.enter_context(serve("bench.baselines.raw", MAIN, **settings))
            first = people.people[0]
            measures.spread_holds(report, site, raw, holds, MAIN, first, raw_shows, base)
        parts: dict[str, Callable[[], None]] = {
            "hot": lambda: measures.hot_show(report, site, people, filler, holds),
            "one": lambda: measures.one_seat(report, site, people, filler),
            "latency": lambda: measures.latencies(report, site, holds, people, filler),
            "sweep": lambda: sizes.sweep(report, site, holds, filler, MAIN),
            "halls": lambda: sizes.halls(report, site, filler, people),
            "watchers": lambda: watchers(report, site, people, filler, MAIN, watching),
            "pgbouncer": lambda: pooled.through_pgbouncer(report, site, holds, MAIN),
            "browsers": lambda: browsers(report, people, filler, MAIN),
        }
        for name, part in parts.items():
            if name in only:
                part()
    if "memory" in only:
        sizes.growing_memory(report, MAIN, people, filler.shows(40, 250))
    report.raw["integrity"] = integrity(report, MAIN)
    filler.close()


def growth(report: Report, people: World) -> None:
    """Run the same measurements on a small and on a large database."""
    report.section("Making 100 and 4,000 shows")
    fillers, shows = {}, {}
    for database, count in ((SMALL, 100), (LARGE, 4_000)):
        database.create(TEMPLATE.name)
        fillers[database.name] = Filler(database.url)
        shows[database.name] = fillers[database.name].shows(count, 250, booked=125)
        fillers[database.name].vacuum()
    with serve("bookmyshow.wsgi", SMALL) as small, serve("bookmyshow.wsgi", LARGE) as large:
        sites = {SMALL.name: small, LARGE.name: large}
        sides = {name: (sites[name], fillers[name], shows[name]) for name in sites}
        sizes.growth(report, sides, people)
    for database in (SMALL, LARGE):
        integrity(report, database)
        fillers[database.name].close()


def integrity(report: Report, database: Database) -> bool:
    """Run the queries of `check_integrity`. If a rule is broken: add a problem, return False."""
    from bookings.integrity.checks import RULES

    filler = Filler(database.url)
    broken = [where for query in RULES.values() for (where,) in filler.query(query)]
    filler.close()
    if broken:
        report.problems.append(f"{database.name}: {len(broken)} breaches, such as {broken[0]}")
    return not broken


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
