"""Mutants of a guest's mailed link, of claims by accounts, and of the checkout (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

TESTS = "bookings/guests/tests"

MUTANTS_OF_CLAIMS = [
    (
        "an address alone is enough to claim a guest's tickets",
        "bookings/guests/claiming.py",
        "    return account.email_confirmed_at is not None and is_same\n",
        "    return is_same\n",
        f"{TESTS}/test_claiming.py::test_an_address_alone_is_no_proof",
    ),
    (
        "a proof stays good when the guest's address changes",
        "bookings/guests/proof.py",
        "[guest.pk, account_hash(guest.email)] in request.session.get(PROVED, [])",
        "guest.pk in proved_ids(request)",
        f"{TESTS}/test_claiming.py::test_the_proof_ends_when_the_address_changes",
    ),
    (
        "a claim takes a hold that is still being chosen",
        "bookings/guests/claiming.py",
        "OVER_OR_SOLD = ~Q(status=Booking.Status.PENDING)",
        "OVER_OR_SOLD = ~Q(status='NONE')",
        f"{TESTS}/test_claiming.py::test_orders_and_waiting_mails_go_along_and_a_live_hold_stays",
    ),
    (
        "a link works after the guest's address was corrected",
        "bookings/guests/links.py",
        " or _hash(guest.email) != address",
        "",
        f"{TESTS}/test_links.py::test_a_changed_address_ends_old_links",
    ),
    (
        "a look at a link's page opens the bookings",
        "bookings/guests/views.py",
        '    if request.method == "POST":\n        return _open(request, found)\n',
        "    return _open(request, found)\n",
        f"{TESTS}/test_links.py::test_a_button_opens_the_booking_in_another_browser",
    ),
    (
        "a new link goes to whoever knows the reference",
        "bookings/guests/finding.py",
        " and email_key(booking.user.email) == email_key(email)",
        "",
        f"{TESTS}/test_links.py::test_the_answer_is_the_same_for_what_does_not_exist",
    ),
    (
        "a guest's hold is confirmed without a name and an email",
        "bookings/confirmation.py",
        "    check_buyer(user, reference)\n",
        "",
        f"{TESTS}/test_check_out.py::test_a_hold_without_details_is_not_confirmed",
    ),
]
