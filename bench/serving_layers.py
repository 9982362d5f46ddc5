"""Measures polls of seat maps with and without the shortcut before Django, with and without nginx.

Run ``EMBEDDED_DATA=.data/bench python -m bookmyshow.embedded python -m bench.serving_layers``, with
nginx installed. It uses ops/nginx/compose.conf, which caches each answer for a second.

First 16 clients poll 20 shows as fast as possible: this gives the polls per second. Then 500
clients send as many polls as 2,000 open maps of 400 shows, which each poll every five seconds: this
gives the share of a processor that the site needs for them.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench import client, worlds
from bench.__main__ import MAIN, TEMPLATE, create_template
from bench.data import Filler
from bench.measures import CLIENTS, OK, UNCHANGED, alternate
from bench.report import Report
from bench.sites import SERVED, Site, serve
from tests.support.nginx import nginx

#: The site with the shortcut for unchanged polls, and with Django alone.
APPLICATIONS = {"shortcut": "bookmyshow.wsgi", "Django": "bookmyshow.wsgi:django_application"}
# 500 clients with a mean pause of 1.25 s send 400 polls per second, like 2,000 maps every 5 s.
CLIENTS_OF_MAPS, PAUSE_MS, SECONDS, ROUNDS = 500, 1_250, 20, 3


@contextmanager
def front(site: Site) -> Iterator[str]:
    """The address of nginx in front of the site."""
    with (
        tempfile.TemporaryDirectory() as folder,
        nginx("compose.conf", Path(folder), upstream=urlsplit(site.url).port or 0) as url,
    ):
        yield url


def main() -> int:
    """Measure both applications without and with nginx. Returns 1 if the report has problems."""
    os.environ |= SERVED
    report = Report(name="serving_layers")
    report.raw["load_average"] = psutil.getloadavg()
    report.section(f"Making the database; load average {psutil.getloadavg()[0]:.1f}")
    create_template()
    MAIN.create(TEMPLATE.name)
    filler = Filler(MAIN.url)
    shows = filler.shows(400, 250)
    filler.vacuum()
    filler.close()
    for where in ("gunicorn alone", "behind nginx"):
        report.section(where)
        measure(report, where, shows)
    for problem in report.problems:
        print(f"problem: {problem}")
    report.write()
    return 1 if report.problems else 0


def measure(report: Report, where: str, shows: list[int]) -> None:
    """Measure how many polls both applications answer, and their processor time for open maps."""
    with (
        serve(APPLICATIONS["shortcut"], MAIN) as quick,
        serve(APPLICATIONS["Django"], MAIN) as plain,
        front(quick) as quick_front,
        front(plain) as plain_front,
    ):
        sites = {"shortcut": quick, "Django": plain}
        urls = {name: site.url for name, site in sites.items()}
        if where == "behind nginx":
            urls = {"shortcut": quick_front, "Django": plain_front}
        rates = alternate(
            report,
            {f"{name}, {where}": partial(rate, url, shows) for name, url in urls.items()},
            allowed=(OK, UNCHANGED),
            rounds=ROUNDS,
        )
        quickest, plainest = rates.values()
        report.note(
            f"polls a second, {where}: shortcut ÷ Django",
            f"{quickest:.0f} ÷ {plainest:.0f}",
            quickest / plainest,
        )
        shares = {name: share(report, sites[name], url, shows) for name, url in urls.items()}
        report.note(
            f"2,000 open maps, {where}: processor of the workers",
            json.dumps({name: f"{value:.1%}" for name, value in shares.items()}),
            shares["shortcut"] / shares["Django"],
        )


def rate(url: str, shows: list[int]) -> client.Result:
    return client.load(url, worlds.polls(url, shows[:20]), clients=CLIENTS, seconds=3)


def share(report: Report, site: Site, url: str, shows: list[int]) -> float:
    """The share of one processor that the site's workers use while the maps are open."""
    requests = worlds.polls(url, shows) * 2
    before = site.cpu_seconds()
    result = client.load(url, requests, clients=CLIENTS_OF_MAPS, seconds=SECONDS, pause_ms=PAUSE_MS)
    used = site.cpu_seconds() - before
    report.record(f"open maps at {url}", [result], allowed=(OK, UNCHANGED))
    return used / result.seconds


if __name__ == "__main__":
    raise SystemExit(main())
