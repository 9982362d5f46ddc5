"""Mutants of exporting and forgetting a person (tests/mutants.py).

Each is: name, file, text, its replacement, and the test that must fail.
"""

SERVICES = "accounts/privacy/services.py"
PERSONAL = "tests/test_personal_data.py"
STAFF = "accounts/privacy/tests/test_anonymising.py"
LEFT = f"{PERSONAL}::test_nothing_is_left_of_a_forgotten_person"

MUTANTS_OF_PRIVACY = [
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
