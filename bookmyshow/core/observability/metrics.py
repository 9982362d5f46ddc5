"""The metrics that each process counts. `bookmyshow.site.state_gauges` reads others at each scrape.

If PROMETHEUS_MULTIPROC_DIR is set (gunicorn.conf.py sets it), `/metrics` shows the sums over all
processes with the same folder, Celery's workers included. One observation takes a few microseconds.
The alert rules and the dashboard in `ops/` use these names.
"""

import functools
import time
from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from bookmyshow.core.errors import DomainError

P = ParamSpec("P")
T = TypeVar("T")

# The limits in the alert rules (0.05 s, 0.5 s, 5 s) must be bounds of buckets.
REQUESTS = Histogram(
    "bookmyshow_request_seconds",
    "Time a request took on the server.",
    ["view"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
ANSWERS = Counter(
    "bookmyshow_requests",
    "Requests answered.",
    ["view", "method", "status"],
)
BOOKING_ATTEMPTS = Counter(
    "bookmyshow_booking_attempts",
    "Attempts to hold, confirm, release or cancel. outcome: ok, refused (a rule said no), busy"
    " (the wait for the show's lock ran out), error.",
    ["action", "outcome"],
)
HOLD_TO_CONFIRM = Histogram(
    "bookmyshow_hold_to_confirm_seconds",
    "Time from the hold to its confirmation.",
    buckets=(5, 10, 20, 30, 45, 60, 75, 90, 105, 120, 180, 300),
)
SWEEPS = Histogram(
    "bookmyshow_sweep_seconds",
    "Time a sweep of lapsed holds took.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
SWEPT = Counter("bookmyshow_holds_swept", "Lapsed holds that sweeps wrote down.")
QUERIES = Histogram(
    "bookmyshow_database_seconds",
    "Time a statement took, the way there and back included.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
LOCK_WAITS = Histogram(
    "bookmyshow_lock_seconds",
    "Time a statement that locks rows took, waits for others included.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
REPLICA_READS = Counter(
    "bookmyshow_replica_reads",
    "Reads that may be a moment old. found: replica, behind or away (then the primary answered).",
    ["found"],
)
CACHE_READS = Counter(
    "bookmyshow_cache_reads",
    "Reads of the cache. result: hit, miss, away (the server does not answer).",
    ["result"],
)
TASKS = Histogram(
    "bookmyshow_task_seconds",
    "Time a Celery task took.",
    ["task"],
    buckets=(0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 120),
)
TASKS_DONE = Counter("bookmyshow_tasks", "Celery tasks by how they ended.", ["task", "outcome"])
PROVIDER_CALLS = Histogram(
    "bookmyshow_provider_call_seconds",
    "Time a call to a payment provider took. Every call ends after 5 s.",
    ["provider", "call"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 10),
)
PROVIDER_ANSWERS = Counter(
    "bookmyshow_provider_calls",
    "Calls to a payment provider. outcome: ok, refused, unknown (no usable answer), error.",
    ["provider", "call", "outcome"],
)
PUSHES = Counter(
    "bookmyshow_pushes",
    "Push messages by outcome: sent, later (tried again until they expire), gone (the browser has"
    " unsubscribed), refused (the push service will never take it).",
    ["outcome"],
)
PUSH_SECONDS = Histogram(
    "bookmyshow_push_seconds",
    "Time a push message took: encryption, and the call to the push service, which ends after 5 s.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 10),
)
LIVE_WATCHERS = Gauge(
    "bookmyshow_live_watchers",
    "Open streams of seat maps.",
    multiprocess_mode="livesum",
)
LIVE_EVENTS = Counter(
    "bookmyshow_live_events", "Changes and heartbeats that were written to streams of seat maps."
)
LIVE_READS = Histogram(
    "bookmyshow_live_read_seconds",
    "Time a read of a show's seats took for its streams, the wait for a thread included.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
LIVE_SLOW = Counter(
    "bookmyshow_live_slow_readers", "Streams that were cut because their reader was too slow."
)
LIVE_REFUSED = Counter(
    "bookmyshow_live_refused",
    "Streams that were refused. reason: full (too many streams or new shows), shared (cut for a"
    " network with fewer), away (the database).",
    ["reason"],
)
PAGE_LOADS = Histogram(
    "bookmyshow_page_load_seconds",
    "Page loads as browsers saw them. metric: TTFB, FCP, LCP, INP.",
    ["metric", "view"],
    buckets=(0.05, 0.1, 0.2, 0.5, 0.8, 1, 1.8, 2.5, 4, 10),
)
LAYOUT_SHIFTS = Histogram(
    "bookmyshow_layout_shift",
    "Cumulative layout shift of a page as browsers saw it.",
    ["view"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1),
)

# Cached, because `labels()` takes longer than the observation itself.
_requests_of = cache(REQUESTS.labels)
_answers_of = cache(ANSWERS.labels)
_reads_of = cache(CACHE_READS.labels)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def observe_request(view: str, method: str, status: int, seconds: float) -> None:
    _requests_of(view).observe(seconds)
    _answers_of(view, method if method in METHODS else "other", str(status)).inc()


def count_cache_read(result: str) -> None:
    _reads_of(result).inc()


def booking_attempt(action: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Count the calls of a booking service by how they end."""

    def decorate(service: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(service)
        def counted(*args: P.args, **kwargs: P.kwargs) -> T:
            outcome = "error"
            try:
                result = service(*args, **kwargs)
                outcome = "ok"
                return result
            except DomainError as error:
                outcome = "busy" if error.code == "SHOW_BUSY" else "refused"
                raise
            finally:
                BOOKING_ATTEMPTS.labels(action, outcome).inc()

        return counted

    return decorate


def timed_sweep(sweep: Callable[[], int]) -> Callable[[], int]:
    """Time a sweep, and count the holds that it ended."""

    @functools.wraps(sweep)
    def timed() -> int:
        started = time.perf_counter()
        count = sweep()
        SWEEPS.observe(time.perf_counter() - started)
        SWEPT.inc(count)
        return count

    return timed
