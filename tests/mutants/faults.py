"""Mutants that tests with faults notice: killed processes, no cache, a full database, wrong clocks.

Each is: name, file, text, its replacement, and the test that must fail (tests/mutants).
"""

HOLDS = "bookings/holds.py"
STATEMENTS = "bookings/holds_sql.py"
CACHE, LIMITS = "bookmyshow/core/cache/caches_setting.py", "bookmyshow/core/db/limits.py"

MUTANTS_OF_FAULTS = [
    (
        "seats are taken after the commit",
        HOLDS,
        "        booking = held_booking(taken)\n",
        "        booking = held_booking(taken)\n"
        "        if booking:\n"
        "            import time\n"
        "            from shows.models import Seat\n"
        "            mine = Seat.objects.filter(booking=booking.pk)\n"
        "            ids = list(mine.values_list('pk', flat=True))\n"
        "            mine.update(booking=None)\n"
        "            transaction.on_commit(lambda: (time.sleep(0.2),"
        " Seat.objects.filter(pk__in=ids).update(booking=booking)))\n",
        "tests/faults/test_processes.py::"
        "test_web_workers_killed_over_and_over_lose_nothing_that_was_shown",
    ),
    (
        "a lapsed hold keeps its seats until a sweep",
        HOLDS,
        "{seat.booking_id for seat in seats if seat.holder_lapsed}",
        "set()",
        "tests/faults/test_processes.py::"
        "test_without_celery_a_lapsed_hold_is_sold_and_its_return_sweeps_the_rest",
    ),
    (
        "visitors see errors of the cache",
        CACHE,
        '"IGNORE_EXCEPTIONS": True',
        '"IGNORE_EXCEPTIONS": False',
        "tests/faults/test_cache.py::test_buyers_go_on_without_a_cache_and_never_see_an_error",
    ),
    (
        "a page waits long for a cache that does not answer",
        CACHE,
        '"SOCKET_TIMEOUT": ANSWER_SECONDS',
        '"SOCKET_TIMEOUT": 60',
        "tests/faults/test_cache.py::test_a_cache_that_says_nothing_slows_buyers_and_stops_none",
    ),
    (
        "a pooled connection is not checked",
        LIMITS,
        '"CONN_HEALTH_CHECKS": True',
        '"CONN_HEALTH_CHECKS": False',
        "tests/faults/test_database.py::test_no_request_fails_after_a_restart_without_visitors",
    ),
    (
        "only one dead connection is removed at a time",
        "bookmyshow/core/db/pool.py",
        "            self.drain()\n",
        "",
        "tests/faults/test_database_away.py::"
        "test_no_request_fails_after_a_restart_with_the_default_wait",
    ),
    (
        "every request waits the full time while the database is away",
        "bookmyshow/core/db/pool.py",
        "NEXT_WAIT_SECONDS if is_away else self.timeout",
        "self.timeout",
        "tests/faults/test_database_away.py::"
        "test_pages_say_soon_that_it_is_away_and_work_soon_after_it_is_back",
    ),
    (
        "an idle process never waits the full time again after the database was away",
        "bookmyshow/core/db/pool.py",
        "time.monotonic() + AWAY_SECONDS",
        'float("inf")',
        "bookmyshow/core/db/tests/test_pool.py::"
        "test_long_after_a_failure_a_request_waits_as_long_as_any",
    ),
    (
        "a repeated form makes a new hold",
        HOLDS,
        "lock_bookings(request.show_id, _in_the_way(request, lapsed)) if must_lock else []",
        "[]",
        "tests/faults/test_database.py::"
        "test_an_answer_lost_after_its_commit_is_found_by_asking_again",
    ),
    (
        "waits for locks have no limit",
        LIMITS,
        "lock_timeout={LOCK_TIMEOUT_MS}",
        "lock_timeout=0",
        "tests/faults/test_database.py::"
        "test_a_show_whose_lock_never_comes_is_refused_in_time_and_blocks_no_other",
    ),
    (
        "a request does not wait for a connection",
        LIMITS,
        '"timeout": wait_seconds',
        '"timeout": 0.1',
        "tests/faults/test_database.py::test_a_server_without_a_connection_to_spare_is_waited_for",
    ),
    (
        "holds use the clock of the web host",
        STATEMENTS,
        '        "now": None,\n',
        "        \"now\": __import__('datetime').datetime.now(__import__('datetime').UTC),\n",
        "tests/faults/test_clocks.py::test_a_web_host_with_a_wrong_clock_sells_by_the_databases",
    ),
]
