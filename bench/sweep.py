"""``python -m bench.sweep``: runs one sweep of lapsed holds and prints the result as JSON.

The result: the number of holds, the seconds, and the longest time that a show was locked.
"""

import json
import time
from typing import Any

import django


def main() -> None:
    django.setup()
    from django.db import connection, transaction

    from bookings import services

    longest = 0.0
    locked_at = 0.0

    # Measures the time from the lock of a show's row to the commit.
    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal locked_at, longest
        result = execute(sql, *rest)
        if "shows_show" in sql and "FOR NO KEY UPDATE" in sql:
            locked_at = time.perf_counter()
            transaction.on_commit(note)
        return result

    def note() -> None:
        nonlocal longest
        longest = max(longest, time.perf_counter() - locked_at)

    connection.ensure_connection()
    with connection.execute_wrapper(watch):
        start = time.perf_counter()
        count = services.sweep_lapsed_holds()
        seconds = time.perf_counter() - start
    print(json.dumps({"count": count, "seconds": seconds, "longest_lock_ms": longest * 1000}))


if __name__ == "__main__":
    main()
