"""Mutants of exporting and forgetting a person (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

SERVICES = "accounts/privacy/services.py"
PERSONAL = "tests/test_personal_data.py"
STAFF = "accounts/privacy/tests/test_anonymising.py"
STALE = "accounts/privacy/tests/test_stale_persons.py"
LEFT = f"{PERSONAL}::test_nothing_is_left_of_a_forgotten_person"

MUTANTS_OF_PRIVACY = [
    (
        "a deleted person's order gets the address that was read before",
        "bookings/payments/orders/writing.py",
        '    order.email = lock_address(booking.user_id) or ""\n',
        "",
        f"{STALE}::test_the_order_of_a_deleted_person_has_no_address",
    ),
    (
        "a hold moves to an account that was deleted meanwhile",
        "bookings/guests/moving.py",
        "    if email is None:\n        return\n",
        "",
        f"{STALE}::test_a_hold_does_not_move_to_a_deleted_account",
    ),
    (
        "a place asked for during a deletion stays",
        "bookings/apps.py",
        "        forget_with(end_places)\n",
        "",
        f"{STALE}::test_a_place_asked_for_while_the_person_is_forgotten_ends",
    ),
    (
        "an order keeps the address of a forgotten person",
        "bookings/apps.py",
        "        forget_with(forget_orders)\n",
        "",
        LEFT,
    ),
    (
        "the provider's page keeps what it was opened with",
        "bookings/payments/privacy.py",
        '.update(checkout_url="", checkout_form=None)',
        '.update(checkout_url="")',
        LEFT,
    ),
    (
        "messages keep the address",
        SERVICES,
        "    drop_for(user)\n",
        "",
        LEFT,
    ),
    (
        "the audit log gets the name of whoever is anonymised",
        SERVICES,
        "        _forget(locked)\n",
        '        audit.record(by=by, about=locked, what="")\n        _forget(locked)\n',
        f"{PERSONAL}::test_nothing_is_left_of_a_forgotten_person",
    ),
    (
        "somebody with a ticket for a coming show is anonymised",
        "bookings/apps.py",
        "        refuse_while(privacy.coming_bookings)\n",
        "",
        f"{STAFF}::test_somebody_who_must_be_reachable_is_not_anonymised",
    ),
    (
        "a colleague is anonymised",
        SERVICES,
        "if person.is_staff or person.is_superuser:",
        "if False:",
        f"{STAFF}::test_a_colleague_is_never_anonymised",
    ),
]
