"""``make year``: compares every page on a year of a chain's data with the page on demo data."""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict

import psutil

from bench import chain
from bench.__main__ import integrity
from bench.data import Filler
from bench.report import Figure, Report
from bench.rounds import SETTINGS, Page, PageTiming, Visitor, alternate, read_pages
from bench.sites import SERVED, Database, serve
from bookmyshow.environment import ROOT

YEAR, DEMO = Database("year", 5), Database("year_demo", 6)
QUERIES, RATIO = 12, 3.0


def main() -> int:
    """Fill the databases, measure, and write the table.

    Returns 1 if a page misses a target or if the report has problems.
    """
    parser = argparse.ArgumentParser(prog="make year", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often each page is opened")
    parser.add_argument(
        "--days", type=int, default=chain.DAYS, help="days of data; fewer for a quick try"
    )
    parser.add_argument("--again", action="store_true", help="use the data of the last run")
    parser.add_argument("--only", default="", help="measure pages whose name contains this")
    options = parser.parse_args()
    os.environ |= SERVED
    report = Report(name="year")
    report.raw["load_average"] = psutil.getloadavg()
    if not (options.again and chain.is_filled(YEAR.url) and chain.is_filled(DEMO.url)):
        fill(report, days=options.days)
    for database in (YEAR, DEMO):
        database.manage("migrate")
        note_sizes(report, database)
    YEAR.manage("collectstatic", "--noinput")
    report.section("Pages: statements; median ms on the year and on the demonstration")
    measure(report, options.rounds, options.only)
    report.write()
    return 1 if report.problems or report.missed else 0


def fill(report: Report, *, days: int) -> None:
    """Create and fill both databases, and archive the bookings of the oldest shows in each."""
    report.section("Making the demonstration and the year")
    DEMO.create()
    DEMO.manage("migrate")
    DEMO.manage("seed_demo")
    demo = Filler(DEMO.url)
    chain.age_demo(demo)
    demo.close()
    DEMO.manage("archive_bookings")
    YEAR.create()
    YEAR.manage("migrate")
    filler = Filler(YEAR.url)
    chain.fill(filler, days=days)
    started = time.monotonic()
    filler.query("VACUUM ANALYZE")
    print(f"  filled and analysed; VACUUM {time.monotonic() - started:.0f} s", flush=True)
    started = time.monotonic()
    YEAR.manage("archive_bookings", f"--months={days // 30}")
    report.note(
        f"archive_bookings, {chain.ARCHIVED_DAYS} days of the chain, s",
        f"{time.monotonic() - started:.0f}",
    )
    filler.query("VACUUM ANALYZE")
    filler.close()
    integrity(report, YEAR)


def note_sizes(report: Report, database: Database) -> None:
    filler = Filler(database.url)
    counted = chain.sizes(filler)
    filler.close()
    report.raw[f"rows of {database.name}"] = counted
    report.note(database.name, ", ".join(f"{table} {n:,}" for table, n in counted.items()))


def measure(report: Report, rounds: int, only: str) -> None:
    sites = {"year": YEAR, "demo": DEMO}
    found = {name: read_pages(database.python("bench.pages")) for name, database in sites.items()}
    with (
        serve("bookmyshow.wsgi", YEAR, **SETTINGS) as year,
        serve("bookmyshow.wsgi", DEMO, **SETTINGS) as demo,
    ):
        urls = {"year": year.url, "demo": demo.url}
        visitors = {
            name: Visitor(urls[name], sessions, sites[name].environment["REDIS_URL"])
            for name, (_, sessions) in found.items()
        }
        for page in found["year"][0]:
            pages = {name: found[name][0][page] for name in sites}
            if only in page:
                judge(report, page, alternate(visitors, pages, rounds), pages["year"])
    if only in "booking_report":
        reports = {n: json.loads(database.python("bench.reports")) for n, database in sites.items()}
        for name in reports["year"]:
            sides = {side: PageTiming(**reports[side][name]["timing"]) for side in sites}
            judge(report, name, sides, Page(name))
            within = {side: PageTiming(**reports[side][name]["within"]).median for side in sites}
            ratio = within["year"] / within["demo"]
            measured = f"{within['year']:.1f} ÷ {within['demo']:.1f} ms"
            report.note(f"{name}, without the process's start", measured, ratio)


def judge(report: Report, name: str, sides: dict[str, PageTiming], page: Page) -> None:
    """Add a line to the table. Pages with an empty cache have no target.

    The targets for other pages: fewer than QUERIES statements on the year's data, and a time of at
    most RATIO times the demo's.
    """
    year, demo = sides["year"], sides["demo"]
    ratio = year.median / demo.median
    measured = f"{year.queries} ({demo.queries}); {year.median:.1f} ÷ {demo.median:.1f} ms"
    reached = ratio <= RATIO and year.queries < QUERIES
    report.raw[name] = {"path": page.path, "year": asdict(year), "demo": asdict(demo)}
    if page.empty_cache:
        report.note(name, measured, ratio)
    else:
        report.add(Figure(name, measured, ratio, f"≤ {RATIO:g}", reached))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
