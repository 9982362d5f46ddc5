"""Runs calls at the same time, on threads with their own database connections."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, connections, transaction

from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from shows.models import Seat, Show
from tests.support.citus import set_on_all_servers


def at_once(work: Callable[[int], object], count: int) -> list[object]:
    """Run `work(0)` … `work(count - 1)` at the same time, each on its own thread and connection.

    Returns their results in order. If a call raises, its result is the exception. Raises the error
    of a thread that gets no connection.
    """
    gate = threading.Barrier(count)
    refused: list[Exception] = []

    def connect() -> None:
        try:
            connection.ensure_connection()
        except Exception as error:
            refused.append(error)
            gate.abort()  # The others would wait for this one.
            raise

    def run(number: int) -> object:
        try:
            connect()
            gate.wait(timeout=300)
            return work(number)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=count) as pool:
        results = list(pool.map(run, range(count)))
    if refused:
        raise refused[0]
    return results


def elsewhere(work: Callable[[], object]) -> "Future[object]":
    """Run `work` on its own thread and connection; an exception is returned as the result."""

    def run() -> object:
        try:
            return work()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    pool = ThreadPoolExecutor(max_workers=1)
    future = pool.submit(run)
    pool.shutdown(wait=False)
    return future


def wait_for_waiting(count: int, is_over: Callable[[], bool] = lambda: False) -> None:
    """Wait until `count` transactions of this database wait for a lock, on any server.

    Raises AssertionError after 180 seconds, or at once when `is_over` says that the call that was
    to wait has ended without it.
    """
    waiting = (
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database()"
    )
    if settings.CITUS:
        waiting = f"SELECT sum(result::int) FROM run_command_on_all_nodes($${waiting}$$)"
    ends = time.monotonic() + 180
    with connection.cursor() as cursor:
        was_over = False
        while time.monotonic() < ends and not was_over:
            was_over = is_over()
            # In a transaction PostgreSQL caches pg_stat_activity. This clears the cached rows.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone()[0] >= count:
                return
            time.sleep(0.01)
    raise AssertionError(f"fewer than {count} transactions wait for a lock")


@contextmanager
def short_waits() -> Iterator[None]:
    """In the block this thread waits 200 ms at most for a lock, on whichever server."""
    if settings.CITUS:
        set_on_all_servers("lock_timeout", "200ms")
        connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    try:
        yield
    finally:
        connection.close()
        if settings.CITUS:
            set_on_all_servers("lock_timeout", "60s")


def assert_sold_once(show: Show) -> None:
    """Assert that no seat of the show is in two live bookings, and that all counts are right.

    The rules of `check_integrity` are checked too, for all shows (docs/spec.md §4.10).
    """
    assert [f"{b.rule}: {b.where}" for b in find_breaches()] == []
    live = Booking.objects.filter(show=show, status__in=["PENDING", "CONFIRMED"])
    twice = [label for label, n in Counter(s for b in live for s in b.seats).items() if n > 1]
    assert twice == []
    show.refresh_from_db()
    assert show.available_seats == Seat.objects.filter(show=show, booking=None).count()


def meeting(first: Callable[[], object], second: Callable[[], object]) -> object:
    """Make `second` wait for a lock of `first`. Returns the result of `second`.

    `first` runs in a transaction. Then `second` starts and waits for the lock. When it waits, the
    transaction of `first` commits. If `first` returns a function, it is called before the commit.
    Raises AssertionError if `second` ends without a wait, and what `first` raises.
    """
    done, is_over = threading.Event(), threading.Event()

    def act(number: int) -> object:
        if number == 0:
            with transaction.atomic():
                then = first()
                done.set()
                wait_for_waiting(1, is_over.is_set)
                if callable(then):
                    then()
            return None
        assert done.wait(300)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '180s'")
        try:
            return second()
        finally:
            is_over.set()

    kept, outcome = at_once(act, 2)
    if isinstance(kept, Exception):
        raise kept
    return outcome
