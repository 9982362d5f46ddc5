"""Mutants of the waiting list: each takes away one rule of docs/spec.md §20 (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

OFFERS = "bookings/waiting_list/offers.py"
HOLDS = "bookings/holds.py"
SERVICES = "bookings/waiting_list/services.py"
TESTS = "bookings/waiting_list/tests/test_offers.py"
JOINING = "bookings/waiting_list/tests/test_joining_and_leaving.py"
LINE = "bookings/waiting_list/tests/test_line.py"
IN_ORDER = f"{LINE}::test_the_line_is_served_in_its_order_and_nobody_overtakes_it"
PORTIONS = "bookings/waiting_list/tests/test_portions.py"
IN_PORTIONS = f"{PORTIONS}::test_many_seats_come_back_in_portions_and_nobody_is_overtaken"
AT_ONCE = f"{TESTS}::test_seats_that_come_back_are_offered_at_once"

MUTANTS_OF_WAITING_LIST = [
    (
        "the list is joined while people wait in the waiting room",
        SERVICES,
        "    if waits_for_room(show):\n",
        "    if False:\n",
        f"{JOINING}::TestJoining::test_waits_until_nobody_waits_in_the_waiting_room",
    ),
    (
        "who comes to the waiting room at the same moment is not seen",
        SERVICES,
        "        check_open(show, now)\n        # First",
        "        # First",
        "bookings/waiting_list/tests/test_races.py"
        "::test_a_join_that_waits_for_the_show_sees_who_came_to_the_waiting_room_meanwhile",
    ),
    (
        "seats are offered after the commit",
        "bookings/release_and_cancel.py",
        "BY_CUSTOMER))\n        offer_free_seats(show, now)",
        "BY_CUSTOMER))\n"
        "        transaction.on_commit(lambda: transaction.atomic(offer_free_seats)(show, now))",
        "bookings/waiting_list/tests/test_races.py::test_no_buyer_gets_a_returned_seat_before_the_line",
    ),
    (
        "the line is served from its end",
        "bookings/waiting_list/models.py",
        'waiting.exclude(Exists(hold)).order_by("pk")',
        'waiting.exclude(Exists(hold)).order_by("-pk")',
        IN_ORDER,
    ),
    (
        "who holds seats gets an offer all the same",
        "bookings/waiting_list/models.py",
        "waiting.exclude(Exists(hold))",
        "waiting",
        f"{TESTS}::test_a_person_who_holds_seats_is_skipped_and_keeps_the_place",
    ),
    (
        "who does not fit stops the line",
        OFFERS,
        "                line = line.exclude(\n",
        "                return served\n                line = line.exclude(\n",
        f"{TESTS}::test_the_line_is_served_in_order_and_who_does_not_fit_keeps_the_place",
    ),
    (
        "the sweep does not offer",
        "bookings/sweep.py",
        "    served = serve_line(show, database_now())\n",
        "    return [], False\n",
        AT_ONCE,
    ),
    (
        "a buyer overtakes the line by holding seats of a lapsed hold",
        HOLDS,
        "if lapsed and seats[0].is_waited_for and (",
        "if False and (",
        f"{TESTS}::test_nobody_overtakes_the_line_by_holding_seats_of_a_lapsed_hold",
    ),
    (
        "only the wanted lapsed seats are offered",
        OFFERS,
        "    lapsed = _lapsed(show, now)\n",
        "    lapsed: list[Booking] = []\n",
        f"{TESTS}::test_seats_of_two_lapsed_holds_together_go_to_a_pair_first",
    ),
    (
        "all seats are offered in one transaction",
        "bookings/waiting_list/portions.py",
        "PORTION = 20",
        "PORTION = 2000",
        IN_PORTIONS,
    ),
    (
        "a party that may sit apart is overtaken between two portions",
        OFFERS,
        "return holds.next_portion() if apart.exists() else []",
        "return []",
        IN_PORTIONS,
    ),
    (
        "a row is given before it is complete",
        OFFERS,
        "    if beside := holds.beside(given):\n        return beside\n",
        "",
        f"{PORTIONS}::test_a_row_is_complete_before_seats_of_it_are_given",
    ),
    (
        "a swap does not offer what it leaves",
        HOLDS,
        "if current and seats[0].is_waited_for:",
        "if False:",
        f"{TESTS}::test_a_swap_offers_the_seats_that_it_leaves",
    ),
    (
        "the box office does not offer",
        "bookings/after_sale/services.py",
        "        offer_free_seats(show, now)\n",
        "",
        AT_ONCE,
    ),
    (
        "a repair does not offer",
        "bookings/integrity/repair.py",
        "        offer_free_seats(show, database_now())\n",
        "",
        AT_ONCE,
    ),
    (
        "a place ends with no offer that lapsed",
        OFFERS,
        "offer.status = 'FAILED'",
        "offer.status = 'never'",
        f"{TESTS}::test_an_offer_that_lapses_goes_on_to_the_next_in_the_sweep",
    ),
    (
        "a wheelchair place is offered to anybody",
        "bookings/waiting_list/choosing.py",
        'WHEELCHAIR if party.wheelchair else ""',
        'WHEELCHAIR if party.seats == 1 else ""',
        f"{TESTS}::test_wheelchair_places_go_only_to_those_who_asked_for_one",
    ),
    (
        "offers count as holds that were kept without buying",
        "bookings/hold_limits.py",
        "WHERE NOT own.is_offer\n",
        "WHERE true\n",
        f"{TESTS}::test_no_thanks_gives_the_seats_to_the_next_and_does_not_pause_the_person",
    ),
    (
        "who bought seats stays in line",
        "bookings/confirmation.py",
        "AND (entry.state = 'WAITING'\n",
        "AND (false\n",
        f"{TESTS}::test_who_buys_seats_leaves_the_line",
    ),
    (
        "joining does not look whether seats are free",
        SERVICES,
        "if own is None and not _fits_now(show, party, now):",
        "if own is None:",
        JOINING,
    ),
    (
        "joining does not lock the show",
        SERVICES,
        "        show = lock_show(show_id)\n        now = database_now()\n        check_open",
        "        show = Show.objects.get(pk=show_id)\n        now = database_now()\n"
        "        check_open",
        "bookings/waiting_list/tests/test_races.py"
        "::test_a_person_who_joins_while_a_seat_returns_does_not_miss_it",
    ),
    (
        "locked lapsed holds are waited for",
        OFFERS,
        "no_key=True, skip_locked=True",
        "no_key=True",
        "bookings/waiting_list/tests/test_races.py"
        "::test_a_confirmation_that_is_under_way_is_not_waited_for",
    ),
    (
        "offers are made until the show begins",
        OFFERS,
        "show.is_cancelled or show.sale_closed or now >= last_offers_at(show):",
        "show.is_cancelled or show.sale_closed:",
        JOINING,
    ),
    (
        "offers are made while the on-sale is closed",
        OFFERS,
        "show.is_cancelled or show.sale_closed or now",
        "show.is_cancelled or now",
        f"{TESTS}::test_while_an_on_sale_is_closed_nobody_gets_an_offer",
    ),
    (
        "a cancelled show leaves people in line",
        "bookings/show_changes/services.py",
        "        close_list(show, now, Why.CANCELLED)\n",
        "",
        JOINING,
    ),
]
