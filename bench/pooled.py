"""Compares holds through PgBouncer with holds on a direct connection."""

import statistics
import tempfile
from functools import partial
from pathlib import Path

import psutil

from bench import client, measures
from bench.client import Result
from bench.report import Report
from bench.sites import Database, Site, cpu_seconds, postgres_cpu_seconds, serve
from bench.worlds import Holds
from tests.cluster.pgbouncer import MISSING, pgbouncer, program, set_limits

ROUNDS = 5


def through_pgbouncer(report: Report, site: Site, holds: Holds, database: Database) -> None:
    """Hold two seats with 16 clients: direct, and through PgBouncer with and without prepared
    statements. The sides take turns. Adds a problem if there is no PgBouncer 1.22."""
    report.section("Holds, 2 seats, 16 clients, through PgBouncer and direct")
    if program() is None:
        report.problems.append(MISSING)
        return
    # For PgBouncer's connections. Those of `site` have the same limits by their start-up options.
    set_limits(database.url)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # PgBouncer refuses to run as root: it is another user.
        with (
            pgbouncer(Path(folder) / "pgbouncer", database.url) as server,
            serve(
                "bookmyshow.wsgi", database, DATABASE_URL=server.url, PGBOUNCER="prepared"
            ) as prepared,
            serve("bookmyshow.wsgi", database, DATABASE_URL=server.url, PGBOUNCER="on") as plain,
        ):
            sites = {"direct": site, "PgBouncer": prepared, "PgBouncer, not prepared": plain}
            assert server.process is not None
            rates, spent = _measured(report, sites, holds, psutil.Process(server.process.pid))
    for name, each in spent.items():
        web, db, pooler = (statistics.median(s[n] for s in each) for n in range(3))
        report.note(
            f"CPU per hold, {name}", f"web {web:.2f}, db {db:.2f}, PgBouncer {pooler:.2f} ms"
        )
    direct, pooled, unprepared = rates.values()
    report.at_least(
        "hold: PgBouncer ÷ direct", f"{pooled:.0f} ÷ {direct:.0f}", pooled / direct, 0.8
    )
    report.note(
        "the same, nothing prepared", f"{unprepared:.0f} ÷ {direct:.0f}", unprepared / direct
    )


def _measured(
    report: Report, sites: dict[str, Site], holds: Holds, pooler: psutil.Process
) -> tuple[dict[str, float], dict[str, list[tuple[float, ...]]]]:
    """The sites' rates, and for each round the CPU of a hold: web, database, PgBouncer, in ms."""
    # All sides read the sessions from the cache.
    pages = [client.get("/bookings/", Cookie=f"sessionid={s}") for s in holds.people.sessions]
    client.load(sites["direct"].url, pages, clients=measures.CLIENTS, once=True)
    spent: dict[str, list[tuple[float, ...]]] = {name: [] for name in sites}

    def used(name: str) -> tuple[float, ...]:
        return sites[name].cpu_seconds(), postgres_cpu_seconds(), cpu_seconds(pooler)

    def measured(name: str) -> Result:
        before = used(name)
        result = measures.holding(sites[name], holds)
        each = zip(before, used(name), strict=True)
        spent[name].append(tuple((b - a) / result.requests * 1000 for a, b in each))
        return result

    rates = measures.alternate(
        report,
        {name: partial(measured, name) for name in sites},
        allowed=(measures.REDIRECT,),
        rounds=ROUNDS,
    )
    return rates, spent
