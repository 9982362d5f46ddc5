"""``python -m bench.reports``: prints JSON with statements and milliseconds of each booking report.

Each report is timed in two ways: as `manage.py booking_report` in a new process, whose start counts
too, and as a call inside this process ("within").
"""

import io
import json
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import timedelta

import django

from bench.rounds import PageTiming
from bookmyshow.environment import ROOT

ROUNDS = 5


def main() -> None:
    django.setup()
    from bookings.dashboard.takings import GROUPS
    from bookmyshow.core.time import database_now

    today = database_now().date()
    # The last week and the coming one, because demo data has sales for both.
    span = (f"--from={today - timedelta(days=7)}", f"--to={today + timedelta(days=6)}")
    reports: dict[str, object] = {}
    for group in GROUPS:
        arguments = (f"--by={group}", *span)
        within = timed_within(arguments)
        times = [timed(arguments) for _ in range(ROUNDS)]
        reports[f"booking_report --by {group}"] = {
            "timing": asdict(PageTiming(within.queries, times, within.bytes)),
            "within": asdict(within),
        }
    json.dump(reports, sys.stdout)


def timed(arguments: tuple[str, ...]) -> float:
    run = [sys.executable, "manage.py", "booking_report", *arguments]
    started = time.perf_counter()
    subprocess.run(run, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - started) * 1000


def timed_within(arguments: tuple[str, ...]) -> PageTiming:
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times, queries, written = [], 0, 0
    for _ in range(ROUNDS + 1):
        out = io.StringIO()
        started = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            call_command("booking_report", *arguments, stdout=out)
        times.append((time.perf_counter() - started) * 1000)
        queries, written = len(captured), len(out.getvalue())
    return PageTiming(queries, times[1:], written)


if __name__ == "__main__":
    main()
