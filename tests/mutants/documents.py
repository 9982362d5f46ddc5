"""The mutants of tax and invoices, for `tests/mutants`: name, file, old text, new text, test."""

NUMBERING = "bookings/documents/numbering.py"
PENDING = "bookings/documents/pending.py"
NUMBERS = "bookings/documents/tests/test_numbering.py"
ROUNDING = "bookings/documents/tests/test_rounding.py"
RATES = "bookings/tax/tests/test_rates.py"

MUTANTS_OF_DOCUMENTS = [
    (
        "numbers are given without the series' lock",
        "bookings/documents/series.py",
        "DocumentSeries.objects.select_for_update(no_key=True)",
        "DocumentSeries.objects.all()",
        f"{NUMBERS}::test_a_second_worker_waits_and_numbers_nothing_again",
    ),
    (
        "what waits for a number is not read again under the lock",
        NUMBERING,
        "if payment.pk not in written",
        "if payment.pk",
        f"{NUMBERS}::test_a_second_worker_waits_and_numbers_nothing_again",
    ),
    (
        "a numbered document can be changed",
        "bookings/documents/migrations/0002_never_changed.py",
        "BEFORE UPDATE OR DELETE ON",
        "BEFORE DELETE ON",
        f"{NUMBERS}::test_a_numbered_document_is_never_changed_deleted_or_emptied",
    ),
    (
        "money that goes back gets an invoice",
        PENDING,
        "state=PaymentState.CAPTURED, surplus=False)",
        "state=PaymentState.CAPTURED)",
        f"{NUMBERS}::test_what_is_not_kept_gets_no_invoice_and_no_credit_note",
    ),
    (
        "the retry of a refund gets another credit note",
        PENDING,
        "refund: first(refund) for",
        "refund: refund for",
        f"{NUMBERS}::test_the_retry_of_a_refund_has_no_second_credit_note",
    ),
    (
        "a refund whose newer try has a note gets a note",
        NUMBERING,
        "None not in noted and first",
        "first",
        f"{NUMBERS}::test_a_refund_that_failed_before_it_was_numbered_leaves_the_note_to_its_retry",
    ),
    (
        "the financial year changes at midnight in UTC",
        "bookings/documents/content.py",
        "return local_day(moment, order.tz)",
        "return moment.date()",
        f"{NUMBERS}::test_the_financial_year_changes_at_midnight_on_the_cinemas_clock",
    ),
    (
        "each credit note rounds for itself",
        "bookings/documents/content.py",
        'before=given.get(line["line"], 0)',
        "before=0",
        f"{ROUNDING}::test_invoices_and_credit_notes_of_many_random_orders_add_up",
    ),
    (
        "net prices are rounded down",
        "bookings/tax/services.py",
        "(2 * gross * WHOLE + divisor)",
        "(2 * gross * WHOLE)",
        f"{RATES}::test_half_a_unit_is_rounded_up",
    ),
    (
        "a changed tax rule waits for the cache",
        "bookings/tax/services.py",
        "        rule.save()\n        transaction.on_commit(forget_rules)",
        "        rule.save()",
        f"{RATES}::test_a_change_counts_at_once_although_rules_are_cached",
    ),
]
