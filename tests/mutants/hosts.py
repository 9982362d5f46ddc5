"""Mutants of several database hosts, sentinels and the replica.

Each is: name, file, text, its replacement, and the test that must fail (tests/mutants).
"""

HOSTS, REPLICA = "tests/faults/test_hosts.py", "tests/test_replica.py"
BASE, FAILURES = "bookmyshow/core/db/base.py", "bookmyshow/core/db/failures.py"
REPLICAS = "bookmyshow/core/db/replicas.py"

MUTANTS_OF_HOSTS = [
    (
        "a server that accepts no writes is a bug of ours",
        BASE,
        "if isinstance(error, SERVER_LEFT):",
        "if False:",
        f"{HOSTS}::test_a_server_that_accepts_no_writes_any_more_is_a_503_and_its_connections_are_left",
    ),
    (
        "only the last error says whether something was done",
        FAILURES,
        "        error = error.__context__\n",
        "        break\n",
        f"{HOSTS}::test_a_lost_commit_is_unknown_also_if_the_server_stays_away",
    ),
    (
        "a commit without its standby is called done",
        BASE,
        'pop("commit_without_standby", False)',
        'pop("no such mark", False)',
        f"{HOSTS}::test_a_commit_that_no_standby_has_is_not_called_done",
    ),
    (
        "any host of the list will do",
        "bookmyshow/core/db/limits.py",
        '        **database.get("OPTIONS", {}),\n',
        '        **{k: v for k, v in database.get("OPTIONS", {}).items() if "target" not in k},\n',
        f"{HOSTS}::test_the_standby_takes_over_and_no_confirmed_booking_is_lost",
    ),
    (
        "a new primary of the cache keeps what was deleted before",
        "bookmyshow/core/cache/outage.py",
        "            self._missed.update(key for at, key in self._recent if at >= since)\n",
        "",
        "bookmyshow/core/cache/tests/test_sentinels.py::"
        "test_after_a_failover_all_go_on_with_the_new_primary",
    ),
    (
        "every read goes to the replica",
        REPLICAS,
        "        return _alias.get() if may_be_old else DEFAULT_DB_ALIAS\n",
        "        return REPLICA\n",
        f"{REPLICA}::test_no_statement_of_a_booking_runs_on_the_replica",
    ),
    (
        "the thread goes on with the replica after a page that used it",
        REPLICAS,
        "        _alias.reset(token)\n",
        "        pass\n",
        f"{REPLICA}::test_no_statement_of_a_booking_runs_on_the_replica",
    ),
    (
        "seats are read from the replica on a page that uses it",
        REPLICAS,
        'frozenset({"shows.seat"})',
        "frozenset()",
        f"{REPLICA}::"
        "test_inside_of_a_page_that_reads_the_replica_seats_bookings_and_people_come_from_the_primary",
    ),
    (
        "nobody looks whether the replica has the browser's own changes",
        REPLICAS,
        "return after <= _known.replayed and _known.is_near()",
        "return _known.is_near()",
        f"{REPLICA}::test_a_browser_sees_its_own_changes",
    ),
    (
        "lists are cached from a replica that is behind",
        REPLICAS,
        "has_it = _has_everything() if complete else _has(after)",
        "has_it = True if complete else _has(after)",
        f"{REPLICA}::test_what_is_cached_for_others_never_comes_from_a_replica_that_is_behind",
    ),
    (
        "an export that has begun on a replica that is gone ends as if it were complete",
        REPLICAS,
        "        yield from found\n    except AWAY as error:\n",
        "        yield from found\n    except AWAY as error:\n        return\n",
        f"{REPLICA}::test_an_export_starts_again_with_the_primary_or_ends_with_an_error",
    ),
    (
        "an export that has not begun ends with the error of the replica",
        REPLICAS,
        "        _known.leave(error)\n        return lines(DEFAULT_DB_ALIAS)\n",
        "        _known.leave(error)\n        raise\n",
        f"{REPLICA}::test_an_export_starts_again_with_the_primary_or_ends_with_an_error",
    ),
    (
        "an error of the replica is an error of the page",
        REPLICAS,
        "        if alias != REPLICA:\n",
        "        if alias:\n",
        f"{REPLICA}::test_a_replica_that_is_away_costs_one_try_and_the_primary_answers",
    ),
    (
        "each try waits for a host without power",
        "bookmyshow/core/db/pool.py",
        "self._accepting() if self._last_try_failed else self._hosts",
        "self._hosts",
        "bookmyshow/core/db/tests/test_addresses.py::"
        "test_after_a_failed_try_hosts_that_accept_nothing_are_left_out",
    ),
    (
        "nothing is tried for a request that waits alone",
        "bookmyshow/core/db/pool.py",
        "            if self._waiting:\n",
        "            if False:\n",
        "bookmyshow/core/db/tests/test_pool.py::"
        "test_the_only_request_that_waits_gets_a_connection_when_the_server_is_back",
    ),
    (
        "each connection asks the lost sentinel first",
        "bookmyshow/core/redis_sentinels.py",
        "                self._put_last(address)\n",
        "",
        "bookmyshow/core/cache/tests/test_sentinels.py::"
        "test_after_a_failover_all_go_on_with_the_new_primary",
    ),
    (
        "a request tries several times to reach the broker",
        "bookmyshow/celery.py",
        '        "max_retries": 0,\n',
        "",
        "accounts/email/tests/test_mails.py::TestWithoutTheBroker::"
        "test_a_request_that_asks_itself_does_not_try_again",
    ),
]
