"""Mutants of the limits against hoarding (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

HOLDS = "bookings/holds.py"
STATEMENTS = "bookings/holds_sql.py"
CONFIRMATION = "bookings/confirmation.py"
LIMITS = "bookings/hold_limits.py"
TESTS = "bookings/tests/test_hold_limits.py"

MUTANTS_OF_HOLD_LIMITS = [
    (
        "holds at two shows at once are not counted together",
        HOLDS,
        "        lock_person_statement(request.user_id),\n",
        "",
        TESTS,
    ),
    (
        "staff can use one key at two shows at once",
        HOLDS,
        "if not request.limits and not request.key:",
        "if not request.limits:",
        "bookings/tests/test_races.py::"
        "test_one_key_at_two_shows_at_once_makes_one_booking_and_one_refusal",
    ),
    (
        "confirmations at once are not counted together",
        CONFIRMATION,
        "[lock_person_statement(user.pk), seats_bought_statement(user.pk)]",
        "[seats_bought_statement(user.pk)]",
        TESTS,
    ),
    (
        "a confirmation locks its booking before the person",
        CONFIRMATION,
        "*_, locked, decided = one_trip(*statements)",
        "statements[:-1] = statements[-2::-1]\n        locked, *_, decided = one_trip(*statements)",
        TESTS,
    ),
    (
        "the fast path has no limits",
        STATEMENTS,
        "%(checked)s::bool OR (SELECT",
        "true OR (SELECT",
        TESTS,
    ),
    (
        "seats bought don't count",
        LIMITS,
        "FILTER (WHERE own.status = 'CONFIRMED')",
        "FILTER (WHERE own.status = 'NONE')",
        TESTS,
    ),
    (
        "a released hold doesn't count",
        LIMITS,
        "AND (own.ended_reason IN ('lapsed', 'released', 'swapped')",
        "AND (own.ended_reason IN ('lapsed', 'swapped')",
        TESTS,
    ),
]
