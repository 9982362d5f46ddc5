"""Mutants of the payment providers' clients, their events and the reconciler (tests/mutants).

Each is: name, file, text, its replacement, and the test that must fail.
"""

STRIPE = "bookings/payments/providers/stripe.py"
RAZORPAY = "bookings/payments/providers/razorpay.py"
LOOKS = "bookings/payments/reconciling/undecided_payments.py"
TESTS = "bookings/payments/providers/tests"
BOTH = f"{TESTS}/test_both_providers.py"
WEBHOOKS = "bookings/payments/tests/test_webhooks.py"
RECONCILER = "bookings/payments/tests/test_reconciler.py"

MUTANTS_OF_PROVIDERS = [
    (
        "a forged event of Razorpay is believed",
        RAZORPAY,
        "return hmac.compare_digest(expected.encode(), signature.encode())",
        "return True",
        f"{TESTS}/test_razorpay.py::test_forged_and_broken_events_are_refused",
    ),
    (
        "a return of another payment is believed",
        "bookings/payments/webhooks/views.py",
        "return razorpay.read_return(fields) == payment.reference",
        "return bool(razorpay.read_return(fields))",
        f"{WEBHOOKS}::test_a_forged_return_is_refused_and_noted",
    ),
    (
        "an old event of Stripe is believed",
        STRIPE,
        "signature, secret, SIGNATURE_TOLERANCE_SECONDS",
        "signature, secret, None",
        f"{TESTS}/test_stripe.py::test_forged_old_foreign_and_broken_events_are_refused",
    ),
    (
        "an event of the other mode is believed",
        STRIPE,
        "if event.live is self.test_mode:",
        "if False:",
        f"{TESTS}/test_stripe.py::test_an_event_of_the_other_mode_is_refused",
    ),
    (
        "an event that comes again is an error",
        "bookings/payments/webhooks/receiving.py",
        "ignore_conflicts=True",
        "ignore_conflicts=False",
        f"{WEBHOOKS}::test_an_event_that_comes_again_is_stored_once",
    ),
    (
        "each try of a refund at Stripe has another key",
        STRIPE,
        '{"idempotency_key": f"{key.uuid}-refund"}',
        '{"idempotency_key": _key_of_this_try(key.uuid, "refund")}',
        f"{BOTH}::test_a_refund_that_is_repeated_gives_back_once",
    ),
    (
        "a refund at Razorpay has no key",
        RAZORPAY,
        '{"X-Refund-Idempotency": f"{key.uuid}-refund"}',
        "{}",
        f"{BOTH}::test_a_refund_that_is_repeated_gives_back_once",
    ),
    (
        "all tries of a capture have the same key",
        STRIPE,
        '_key_of_this_try(key.uuid, "capture")',
        'f"{key.uuid}-capture"',
        f"{BOTH}::test_a_capture_that_got_no_answer_is_repeated_at_once",
    ),
    (
        "a session that Stripe repeats a 500 for is never opened",
        STRIPE,
        "if not new.is_repeat:",
        "if True:",
        f"{BOTH}::test_an_open_that_got_no_answer_is_repeated",
    ),
    (
        "a repeat makes a second order at Razorpay",
        RAZORPAY,
        "self._order_of(new.uuid) if new.is_repeat else None",
        "None",
        f"{TESTS}/test_razorpay.py::test_a_repeat_finds_the_order_that_was_made",
    ),
    (
        "calls to Stripe end after 80 seconds",
        STRIPE,
        "sdk.RequestsClient(timeout=TIMEOUT_SECONDS)",
        "sdk.RequestsClient()",
        f"{TESTS}/test_stripe.py::test_a_slow_answer_is_unknown",
    ),
    (
        "a wrong key counts as the provider's refusal of the payment",
        "bookings/payments/providers/stripe_errors.py",
        'raise ProviderMisconfigured(f"Stripe refused the key',
        'raise ProviderRefused("key", f"Stripe refused the key',
        f"{TESTS}/test_secrets.py::test_a_wrong_key_is_a_fault_of_ours_and_is_not_shown",
    ),
    (
        "a provider's text is taken for a code",
        "bookings/payments/providers/base.py",
        'code if CODE.fullmatch(code) else "refused"',
        "code",
        f"{TESTS}/test_secrets.py::test_errors_and_logs_have_nothing_of_what_was_sent",
    ),
    (
        "two reconcilers look at one payment",
        "bookings/payments/locks.py",
        'due.select_for_update(skip_locked=True, of=("self",), no_key=True)',
        "due",
        f"{RECONCILER}::test_many_reconcilers_at_once_take_each_payment_once",
    ),
    (
        "a look that was killed is never made again",
        LOOKS,
        "payment.next_check_at = now + CLAIM",
        "payment.next_check_at = None",
        f"{RECONCILER}::test_after_a_kill_the_next_worker_looks_a_minute_later",
    ),
    (
        "an event during a look is forgotten",
        LOOKS,
        "Q(pk=payment.pk, next_check_at=payment.next_check_at)",
        "Q(pk=payment.pk)",
        f"{RECONCILER}::test_an_event_during_a_look_wants_another_look",
    ),
    (
        "refunds of a payment that was taken are not looked at",
        LOOKS,
        "note_remote_refunds(current, remote.refunds)",
        "pass",
        f"{RECONCILER}::test_a_refund_made_at_the_provider_is_written_down",
    ),
]
