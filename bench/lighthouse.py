"""Runs Lighthouse on the pages that a customer uses, on a running site with demo data.

    make run                                              # in another terminal
    npm install --prefix .data/lighthouse lighthouse@12   # once
    .venv/bin/python -m bookmyshow.embedded .venv/bin/python bench/lighthouse.py

Uses the mobile preset (Moto G Power, slow 4G, 4x slower processor). Each page is measured RUNS
times; the run with the median performance score counts, as Lighthouse recommends.

Exits with 1 if a page misses a target: a score of 95 in each category, a layout shift of at most
0.02, at most 60 KB of CSS and JavaScript, no request to another host.

Private pages are opened as the demo customer, with a hold that is released afterwards. "machine" is
Lighthouse's benchmark of this machine: below 1000 it is busy and the results are not reliable.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
LIGHTHOUSE = ROOT / ".data" / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST_SCORE = 95
MOST_SHIFT = 0.02
MOST_CODE = 60_000
# The seat map that is measured is the one whose number of seats is nearest to this.
SEATS = 300
RUNS = 3
ATTEMPTS = 3


@dataclass(frozen=True)
class Page:
    name: str
    path: str
    #: Private pages have `noindex`, which lowers Lighthouse's SEO score. So their SEO score is not
    #: counted.
    private: bool = False


@contextmanager
def pages() -> Iterator[tuple[list[Page], str]]:
    """Yield the pages to measure, and the session cookie for the private ones.

    Holds two seats for the review page, and releases them at the end.
    """
    from django.conf import settings
    from django.db.models import F, Value
    from django.db.models.functions import Abs
    from django.test import Client
    from django.utils import timezone

    from bookings import services
    from bookings.models import Booking
    from bookmyshow.site.demo.accounts import customer
    from shows.models import Seat, Show

    user = customer()
    coming = Show.objects.upcoming(at=timezone.now())
    coming = coming.exclude(bookings__user=user).select_related("movie")
    show = coming.alias(off=Abs(F("total_seats") - Value(SEATS))).order_by("off", "starts_at")[0]
    free = Seat.objects.filter(show=show, booking=None).in_plan_order()
    labels = list(free.values_list("label", flat=True)[:2])
    held = services.hold_seats(user=user, show_id=show.pk, labels=labels)
    ticket = Booking.objects.filter(user=user, status="CONFIRMED").latest("created_at")
    client = Client()
    client.force_login(user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"
    try:
        yield (
            [
                Page("home", "/"),
                Page("film", show.movie.get_absolute_url()),
                Page(f"seat map, {show.total_seats} seats", show.get_absolute_url()),
                Page("review", held.get_absolute_url(), private=True),
                Page("ticket", ticket.get_absolute_url(), private=True),
            ],
            cookie,
        )
    finally:
        services.release_hold(user=user, reference=held.reference)


def run(url: str, cookie: str, chromium: str) -> dict[str, Any]:
    """Run Lighthouse once and return its report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            str(LIGHTHOUSE),
            url,
            "--quiet",
            "--output=json",
            f"--output-path={report}",
            f"--only-categories={','.join(CATEGORIES)}",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu"
            " --disable-background-networking --disable-component-update",
        ]
        if cookie:
            command.append(f"--extra-headers={json.dumps({'Cookie': cookie})}")
        for attempts_left in reversed(range(ATTEMPTS)):
            # Sometimes Chromium starts too late for its trace (error NO_NAVSTART); try again.
            environment = {**os.environ, "CHROME_PATH": chromium}
            done = subprocess.run(command, check=not attempts_left, env=environment)
            if done.returncode == 0:
                break
        result: dict[str, Any] = json.loads(report.read_text())
    return result


def scores(report: dict[str, Any], page: Page) -> dict[str, int]:
    found = {name: report["categories"][name]["score"] for name in CATEGORIES}
    wanted = CATEGORIES[:-1] if page.private else CATEGORIES
    return {name: round(100 * (found[name] or 0)) for name in wanted}


def code_bytes(requests: list[dict[str, Any]]) -> int:
    """The transferred (compressed) bytes of all style sheets and scripts."""
    kinds = {"Script", "Stylesheet"}
    return sum(one["transferSize"] for one in requests if one.get("resourceType") in kinds)


def measure(page: Page, base: str, cookie: str, options: argparse.Namespace) -> list[str]:
    """Measure the page, print a line, and return the targets that it misses."""
    given = cookie if page.private else ""
    reports = [run(base + page.path, given, options.chromium) for _ in range(options.runs)]
    runs = [report["categories"]["performance"]["score"] or 0 for report in reports]
    report = reports[runs.index(median_low(runs))]
    marks = scores(report, page)
    audits = report["audits"]
    shift = audits["cumulative-layout-shift"]["numericValue"]
    paint = audits["largest-contentful-paint"]["numericValue"] / 1000
    blocked = audits["total-blocking-time"]["numericValue"]
    requests = audits["network-requests"]["details"]["items"]
    code = code_bytes(requests)
    hosts = {urlsplit(one["url"]).netloc for one in requests} - {urlsplit(base).netloc, ""}
    print(
        f"{page.name}: {', '.join(f'{name} {mark}' for name, mark in marks.items())}"
        f" (runs {', '.join(f'{100 * score:.0f}' for score in runs)});"
        f" LCP {paint:.1f} s, TBT {blocked:.0f} ms, CLS {shift:.3f}, code {code / 1000:.0f} KB;"
        f" machine {report['environment']['benchmarkIndex']:.0f}",
        flush=True,
    )
    problems = [f"{name} {mark}" for name, mark in marks.items() if mark < LEAST_SCORE]
    if shift > MOST_SHIFT:
        problems.append(f"layout shift {shift:.3f}")
    if code > MOST_CODE:
        problems.append(f"{code:,} bytes of code")
    problems += [f"a request to {host}" for host in hosts]
    if options.verbose:
        print_lost_points(report)
    return [f"{page.name}: {problem}" for problem in problems]


def print_lost_points(report: dict[str, Any]) -> None:
    """Print each audit that lowers a score."""
    for category in CATEGORIES:
        for reference in report["categories"][category]["auditRefs"]:
            audit = report["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 1:
                value = audit.get("displayValue", "")
                print(f"    {category}: {audit['title']} {value} ({audit['score']})")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--verbose", action="store_true", help="print audits that lower a score")
    options = parser.parse_args()
    if not LIGHTHOUSE.exists():
        print(f"Lighthouse is missing: npm install --prefix {LIGHTHOUSE.parents[2]} lighthouse@12")
        return 2
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookmyshow.settings")
    import django

    django.setup()
    problems = []
    with pages() as (found, cookie):
        for page in found:
            problems += measure(page, options.base, cookie, options)
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
