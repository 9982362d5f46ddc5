"""Mutants of guests: moves of their holds, their limits, and what they can never do.

Each is: name, file, text, its replacement, and the test that must fail (tests/mutants).
"""

MOVING = "bookings/guests/moving.py"
LIMITS = "bookings/guests/limits.py"
MODELS = "accounts/models.py"
MIGRATION = "accounts/migrations/0008_guests.py"
MACHINE = "bookings/tests/test_state_machine.py"
TEST_MOVING = "bookings/guests/tests/test_moving.py"
TEST_RACES = "bookings/guests/tests/test_moving_races.py"
TEST_HOARDING = "bookings/guests/tests/test_hoarding.py"
TEST_GUESTS = "accounts/guests/tests/test_guests.py"

MUTANTS_OF_GUESTS = [
    (
        "a move does not lock the show",
        MOVING,
        "show = lock_show(show_id)",
        "show = Show.objects.get(pk=show_id)",
        TEST_RACES,
    ),
    (
        "a move does not lock the people",
        MOVING,
        "    lock_people(guest.pk, to.pk)\n",
        "",
        TEST_RACES,
    ),
    (
        "a move reads the clock before its locks",
        MOVING,
        "    found = lock_bookings(show.pk, of_both | earlier)\n    now = database_now()\n",
        "    now = database_now()\n    found = lock_bookings(show.pk, of_both | earlier)\n",
        f"{TEST_RACES}::test_a_hold_that_lapses_while_the_move_waits_stays_the_guests",
    ),
    (
        "the person's own hold does not end",
        MOVING,
        "    swapped = _end_own(locked)\n",
        "    swapped: list[Booking] = []\n",
        TEST_MOVING,
    ),
    (
        "the order of a swapped hold can still be paid",
        MOVING,
        "        abandon_order(own, at=locked.now)\n",
        "        pass\n",
        TEST_MOVING,
    ),
    (
        "tickets move too",
        MOVING,
        "    ids = [booking.pk for booking in locked.chain]\n",
        "    tickets = Booking.objects.filter(user=guest, show=show_id, status='CONFIRMED')\n"
        "    ids = [booking.pk for booking in [*locked.chain, *tickets]]\n",
        TEST_MOVING,
    ),
    (
        "the order stays the guest's",
        MOVING,
        "    if of_holds:\n",
        "    if False:\n",
        TEST_MOVING,
    ),
    (
        "a move has no limits",
        MOVING,
        "    if limits := HoldLimits.of(to):\n",
        "    if limits := None:\n",
        TEST_MOVING,
    ),
    (
        "holds that were swapped stay behind",
        MOVING,
        "if b.user_id == guest.pk and b.expires_at == hold.expires_at]",
        "if b is hold]",
        TEST_MOVING,
    ),
    (
        "a key may come twice",
        MOVING,
        "    _free_keys(locked.chain, used_keys)\n",
        "",
        TEST_MOVING,
    ),
    (
        "a lapsed hold moves",
        MOVING,
        "if not live or live[0].has_lapsed(now):",
        "if not live:",
        MACHINE,
    ),
    (
        "a hold that moved meanwhile can be ordered by the guest",
        "bookings/payments/checkout/begin.py",
        "if not found or found[0].user_id != user.pk:",
        "if not found:",
        TEST_RACES,
    ),
    (
        "guests have the limit of accounts",
        "bookings/hold_limits.py",
        "            if user.is_guest\n",
        "            if False\n",
        TEST_HOARDING,
    ),
    (
        "seats of new sessions are not counted",
        LIMITS,
        "            check_attempt(limit, by, times=added)\n",
        "            pass\n",
        TEST_HOARDING,
    ),
    (
        "a hold that failed is counted",
        LIMITS,
        "            check_attempt(limit, by, times=added)\n",
        "            count_attempt(limit, by, times=added)\n",
        TEST_HOARDING,
    ),
    (
        "an email finds guests",
        MODELS,
        'accounts = self.alias(email_folded=Lower("email")).filter(is_guest=False)',
        'accounts = self.alias(email_folded=Lower("email"))',
        TEST_GUESTS,
    ),
    (
        "emails of guests are unique",
        MIGRATION,
        '(lower(email))"\n    " WHERE NOT is_guest",',
        '(lower(email))",',
        TEST_GUESTS,
    ),
    (
        "a guest can have a session",
        "accounts/backends.py",
        "User.objects.filter(pk=0, is_guest=False)",
        "User.objects.filter(pk=0)",
        TEST_GUESTS,
    ),
    (
        "a guest can have a token",
        "accounts/tokens.py",
        "User.objects.filter(pk=0, is_guest=False)",
        "User.objects.filter(pk=0)",
        TEST_GUESTS,
    ),
    (
        "a session key that was planted is kept",
        "accounts/guests/session.py",
        "        request.session.cycle_key()\n",
        "        pass\n",
        "accounts/guests/tests/test_sessions_of_guests.py",
    ),
]
