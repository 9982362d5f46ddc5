"""Mutants of the waiting room: each takes away one rule of docs/spec.md §24 (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

FOLDER = "shows/waiting_room"
PASSES, JOINING = f"{FOLDER}/passes.py", f"{FOLDER}/join_and_enter.py"
LEADER = f"{FOLDER}/admission.py"
SALES, MODELS, LOTTERY = f"{FOLDER}/staff_changes.py", f"{FOLDER}/models.py", f"{FOLDER}/lottery.py"
STATEMENTS = "bookings/holds_sql.py"
HOLDS = "bookings/holds.py"

TESTS = f"{FOLDER}/tests/test_waiting_room.py"
RACES = f"{FOLDER}/tests/test_races.py"
OPENING = f"{FOLDER}/tests/test_opening.py"
PASSED = f"{FOLDER}/tests/test_passes.py"
DRAWN = f"{FOLDER}/tests/test_lottery.py"
TURN = f"{PASSED}::test_a_turn_ends_with_a_purchase_and_a_new_one_gives_a_new_pass"
CLOSED = f"{TESTS}::test_the_time_of_a_closed_sale_is_no_part_of_anybody_s_turn"
SERVICE = f"{PASSED}::test_the_service_refuses_a_pass_that_is_not_good"

MUTANTS_OF_WAITING_ROOM = [
    (
        "a pass is good for everybody",
        PASSES,
        "if found and found.user_id == user_id]",
        "if found]",
        SERVICE,
    ),
    (
        "the signature of a pass is not checked",
        PASSES,
        'map(int, _signer().unsign(text).split("-"))',
        'map(int, text.partition(".")[0].split("-"))',
        SERVICE,
    ),
    (
        "the statement takes a pass of another on-sale",
        STATEMENTS,
        "WHERE pass.on_sale_id = show.on_sale_id AND pass",
        "WHERE pass",
        SERVICE,
    ),
    (
        "the statement takes a pass that has ended",
        STATEMENTS,
        "pass.on_sale_id = show.on_sale_id AND pass.ends_at > clock.now",
        "pass.on_sale_id = show.on_sale_id",
        SERVICE,
    ),
    (
        "the statement takes free seats without a pass",
        STATEMENTS,
        "(show.on_sale_id IS NULL OR NOT %(needs_pass)s::bool",
        "(true",
        SERVICE,
    ),
    (
        "the statement sells what is closed",
        STATEMENTS,
        "OR NOT show.sale_closed AND EXISTS",
        "OR EXISTS",
        f"{PASSED}::test_a_closed_sale_refuses_a_good_pass_and_confirms_what_is_held",
    ),
    (
        "all staff are taken for the box office",
        HOLDS,
        'user.is_staff and user.has_perm("counter.take_money")',
        "user.is_staff",
        f"{PASSED}::test_other_staff_need_a_pass",
    ),
    (
        "the slow path looks for no pass",
        HOLDS,
        "    if refusal:\n",
        "    if False:\n",
        SERVICE,
    ),
    (
        "a pass outlives the turn",
        JOINING,
        "          AND entered_at IS NOT NULL AND done_at IS NULL\n",
        "",
        TURN,
    ),
    (
        "the slow path does not ask whether the turn has ended",
        HOLDS,
        "return None if show.on_sale_id in inside else PassUsed(show.on_sale_id)",
        "return None",
        TURN,
    ),
    (
        "a place ends in the middle of a hold",
        JOINING,
        "ORDER BY on_sale_id FOR SHARE",
        "ORDER BY on_sale_id",
        f"{RACES}::test_a_place_ends_before_a_hold_or_after_it_and_never_between",
    ),
    (
        "a closed sale uses up the turns",
        SALES,
        "            go_on_after(sale, now, now - sale.looked_at)\n",
        "            pass\n",
        CLOSED,
    ),
    (
        "who buys while the sale is closed stays active",
        LEADER,
        "    _end_bought(sale, now)\n    Place",
        "    Place",
        CLOSED,
    ),
    (
        "the slow path sells what is closed",
        HOLDS,
        "    if show.sale_closed:\n",
        "    if False:\n",
        f"{PASSED}::test_a_closed_sale_refuses_a_good_pass_and_confirms_what_is_held",
    ),
    (
        "a check takes a pass that has ended",
        PASSES,
        "if found[0].ends_at <= now:",
        "if False:",
        SERVICE,
    ),
    (
        "a check takes a pass of another on-sale",
        PASSES,
        "if not found or found[0].on_sale_id != on_sale_id:",
        "if not found:",
        SERVICE,
    ),
    (
        "the box office needs a pass",
        HOLDS,
        "if not request.needs_pass or show.on_sale_id is None:",
        "if show.on_sale_id is None:",
        f"{PASSED}::test_the_box_office_needs_no_pass_also_when_the_sale_is_closed",
    ),
    (
        "there is no cap",
        LEADER,
        "max(0, min(free, credit))",
        "credit",
        f"{TESTS}::test_the_cap_holds_until_somebody_is_done",
    ),
    (
        "there is no rate",
        LEADER,
        "max(0, min(free, credit))",
        "max(0, free)",
        f"{OPENING}::test_people_are_let_in_at_the_rate_in_the_order_of_the_draw",
    ),
    (
        "there is no leader",
        LEADER,
        "OnSale.objects.admitting().select_for_update(no_key=True, skip_locked=True)",
        "OnSale.objects.admitting()",
        RACES,
    ),
    (
        "a second leader waits for the first",
        LEADER,
        "no_key=True, skip_locked=True",
        "no_key=True",
        f"{RACES}::test_a_second_leader_goes_on_at_once_while_the_first_is_at_it",
    ),
    (
        "people are let in before the opening",
        LEADER,
        "    if now < sale.opens_at:\n        return 0\n",
        "",
        f"{TESTS}::test_nobody_is_let_in_before_the_opening",
    ),
    (
        "people are let in without Valkey",
        LEADER,
        "        cache_client().ping()\n",
        "        pass\n",
        f"{OPENING}::test_without_valkey_nobody_is_let_in_nobody_loses_a_place_and_passes_go_on",
    ),
    (
        "a pause is made good all at once",
        LEADER,
        "sale.credited_to = max(sale.credited_to, oldest)",
        "pass",
        f"{TESTS}::test_the_rate_does_not_save_up_what_nobody_used",
    ),
    (
        "who bought stays active",
        LEADER,
        "entered.filter(_has_bought(sale, entered))",
        "entered.none()",
        f"{TESTS}::test_the_cap_holds_until_somebody_is_done",
    ),
    (
        "who does not come stays active",
        LEADER,
        "active.filter(entered_at=None, called_at__lte=now - call_time())",
        "active.none()",
        f"{TESTS}::test_who_does_not_come_or_uses_up_the_time_makes_room_and_may_join_again",
    ),
    (
        "who enters in the last moment is ended",
        LEADER,
        "active.filter(entered_at=None, called_at__lte=now - call_time())",
        "active.filter(called_at__lte=now - call_time())",
        f"{RACES}::test_who_enters_in_the_last_moment_is_not_ended",
    ),
    (
        "who comes after the opening is in the draw",
        JOINING,
        "CASE WHEN clock.now < sale.opens_at THEN last + 1 ELSE arrivals.early END",
        "last + 1",
        f"{TESTS}::test_who_comes_between_the_opening_and_the_draw_is_not_in_the_draw",
    ),
    (
        "turns go by the arrival",
        LOTTERY,
        "left, right = right, left ^ table[right]",
        "left, right = left, right",
        DRAWN,
    ),
    (
        "the seed is not used",
        LOTTERY,
        "hashlib.sha256(seed + bytes",
        "hashlib.sha256(bytes(32) + bytes",
        DRAWN,
    ),
    (
        "a person who joins again gets another place",
        JOINING,
        "    WHERE own.done_at IS NOT NULL\n",
        "",
        f"{RACES}::test_many_who_join_at_once_get_different_numbers_and_one_person_gets_one",
    ),
    (
        "guests get a place",
        JOINING,
        "    if user.is_guest:\n",
        "    if False:\n",
        f"{TESTS}::test_a_guest_has_to_log_in_first",
    ),
    (
        "who is called may enter at any time",
        JOINING,
        "      AND (place.entered_at IS NOT NULL\n"
        "           OR place.called_at + make_interval(secs => %s) > clock_timestamp())\n",
        "      AND (true OR %s = 0)\n",
        f"{TESTS}::test_who_does_not_come_or_uses_up_the_time_makes_room_and_may_join_again",
    ),
    (
        "the switch does not wait for shows that are being made",
        SALES,
        '    Movie.objects.select_for_update().order_by().only("pk").get(pk=film.pk)\n',
        "    film.pk\n",
        f"{RACES}::test_a_show_that_is_made_while_its_film_goes_on_sale_is_covered",
    ),
    (
        "new shows of the film need no pass",
        "shows/services.py",
        "        put_on_sale(shows)\n",
        "",
        f"{TESTS}::test_new_shows_of_the_film_are_on_sale_too_and_off_frees_all",
    ),
    (
        "the switch closes nothing",
        SALES,
        "show.sale_closed = sale.mode == Mode.CLOSED",
        "show.sale_closed = False",
        f"{PASSED}::test_a_closed_sale_refuses_a_good_pass_and_confirms_what_is_held",
    ),
    (
        "an opening can be moved after the draw",
        SALES,
        "if sale.drawn_at is not None and not changes.keys() <= set(ALWAYS):",
        "if False:",
        f"{TESTS}::test_after_the_draw_only_rate_and_cap_change",
    ),
]
