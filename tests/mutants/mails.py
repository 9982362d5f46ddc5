"""Mutants of the mails about bookings: who would be told twice, or should not be told at all."""

REMINDERS, AGAIN = "bookings/mails/reminders.py", "bookings/mails/send_again.py"
TESTS = "bookings/mails/tests"

MUTANTS_OF_MAILS = (
    (
        "people are reminded of what they bought after that moment",
        REMINDERS,
        '            confirmed_at__lt=F("show__starts_at") - before,\n',
        "",
        f"{TESTS}/test_reminders.py::test_what_was_bought_after_that_moment_is_not_reminded_of",
    ),
    (
        "who was just told a new time is reminded of it",
        REMINDERS,
        "            ~Exists(told),\n",
        "",
        f"{TESTS}/test_reminders.py::test_who_was_just_told_a_new_time_is_not_reminded_of_it",
    ),
    (
        "a reminder of an earlier time of the show is sent",
        "bookings/mails/tickets.py",
        "booking.show.is_cancelled or booking.show.starts_at != message.expires_at",
        "booking.show.is_cancelled",
        f"{TESTS}/test_reminders.py::"
        "test_a_reminder_of_an_earlier_time_is_dropped_and_the_new_one_is_told_by_its_mail",
    ),
    (
        "a confirmation and a payment both mail the ticket",
        "bookings/confirmation.py",
        "%(kind)s::text || ':' || id,",
        "%(kind)s::text || '-' || id,",
        f"{TESTS}/test_tickets.py::test_both_ways_to_confirm_write_the_same_row",
    ),
    (
        "the ticket is mailed although the bank refused the money, which has a mail of its own",
        "bookings/mails/tickets.py",
        "    if money.status == Status.UNPAID and not is_again:\n        return REFUSED\n",
        "",
        "bookings/payments/tests/test_settlement_trouble.py::"
        "test_the_mails_name_the_amount_the_seats_and_the_reason",
    ),
    (
        "a refund right after its cancellation is a second mail",
        "bookings/payments/refunds/results.py",
        "if told_at is not None and now - told_at < JUST_TOLD:",
        "if told_at is None and now is None:",
        f"{TESTS}/test_changes.py::test_a_refund_right_after_its_cancellation_is_one_mail",
    ),
    (
        "a form that is posted twice sends the ticket twice",
        AGAIN,
        "again:{form}",
        "again:{database_now()}",
        f"{TESTS}/test_send_again.py::test_a_form_that_is_posted_twice_sends_one_mail",
    ),
)
