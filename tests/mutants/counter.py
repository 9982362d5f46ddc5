"""Mutants of the money that is taken at the counter and asked for at the door (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

COUNTER = "bookings/counter/services.py"
TAKING = "bookings/counter/tests/test_taking.py"

MUTANTS_OF_COUNTER = [
    (
        "two clerks take the money of one booking",
        COUNTER,
        "    lock_bookings(show_id, Q(reference=reference))\n",
        "",
        f"{TAKING}::test_a_second_clerk_who_waited_for_the_lock_is_told",
    ),
    (
        "a form that is sent twice is an error",
        COUNTER,
        "if bill.payment and bill.payment.uuid == taking.payment:",
        "if False:",
        f"{TAKING}::test_the_same_form_twice_is_one_payment",
    ),
    (
        "another amount than the clerk saw is taken",
        COUNTER,
        "if bill.due != taking.amount:",
        "if False:",
        f"{TAKING}::test_another_amount_than_the_clerk_saw_is_not_taken",
    ),
    (
        "an open checkout goes on after the clerk took the money",
        COUNTER,
        "end_order(order, own, OrderState.ABANDONED, now)",
        "_move(order, OrderState.ABANDONED, now)",
        f"{TAKING}::test_an_open_checkout_is_ended_when_the_clerk_takes_the_money",
    ),
    (
        "every clerk undoes what another took",
        COUNTER,
        "if by.pk != payment.taken_by_id and not by.has_perm(OVERSEE):",
        "if False:",
        "bookings/counter/tests/test_undo_and_hand_back.py"
        "::test_only_the_clerk_or_a_manager_undoes",
    ),
    (
        "the door lets in who has not paid",
        "bookings/door/services.py",
        "if bill and not unpaid:",
        "if False:",
        "bookings/door/tests/test_door.py"
        "::test_who_has_not_paid_is_sent_to_pay_and_is_let_in_afterwards",
    ),
]
