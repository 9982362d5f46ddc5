"""The mutants of money, for `tests/mutants`: name, file, old text, new text, test."""

PAYMENTS = "bookings/payments/"
TESTS = "bookings/payments/tests/"
CASE, CHECKOUT = PAYMENTS + "settlement/case.py", PAYMENTS + "checkout/begin.py"
DECISION, SEATS = PAYMENTS + "settlement/decision.py", PAYMENTS + "settlement/seats.py"
LOCKS, TABLES = PAYMENTS + "locks.py", PAYMENTS + "migrations/0001_initial.py"
RULES = PAYMENTS + "migrations/0002_rules.py"
IN_TIME, TROUBLE = TESTS + "test_settlement.py", TESTS + "test_settlement_trouble.py"
RACES, PRESSES, KEPT = (
    TESTS + "test_payment_races.py",
    TESTS + "test_checkout.py",
    TESTS + "test_rules.py",
)

REFUNDS, QUEUE = PAYMENTS + "refunds/writing.py", PAYMENTS + "refunds/queue.py"

MUTANTS_OF_MONEY = [
    (
        "a payment confirms a hold without the booking's lock",
        CASE,
        "lock_bookings(order.show_id, Q(pk__in=wanted))",
        "list(Booking.objects.filter(pk__in=wanted))",
        f"{RACES}::test_a_hold_that_lapses_while_its_lock_is_waited_for_is_late",
    ),
    (
        "a late buyer takes seats without the show's lock",
        CASE,
        "show = lock_show(order.show_id) if with_show else None",
        "show = order.show if with_show else None",
        f"{RACES}::test_a_late_buyer_waits_for_the_one_who_takes_the_seats",
    ),
    (
        "orders are read without a lock",
        LOCKS,
        "Order.objects.select_for_update(no_key=True).filter(which, show=show_id)",
        "Order.objects.filter(which, show=show_id)",
        f"{RACES}::test_the_rows_of_money_are_locked",
    ),
    (
        "payments are read without a lock",
        LOCKS,
        "Payment.objects.select_for_update(no_key=True).filter(which, show=show_id)",
        "Payment.objects.filter(which, show=show_id)",
        f"{RACES}::test_the_rows_of_money_are_locked",
    ),
    (
        "refunds are read without a lock",
        LOCKS,
        "Refund.objects.select_for_update(no_key=True).filter(which, show=show_id)",
        "Refund.objects.filter(which, show=show_id)",
        f"{RACES}::test_the_rows_of_money_are_locked",
    ),
    (
        "every look takes the money",
        DECISION,
        "payment.state in DUE and not is_claimed and (",
        "payment.state in DUE and (",
        f"{TROUBLE}::test_the_act_of_a_process_that_died_is_done_after_its_claim",
    ),
    (
        "a look captures without a claim",
        DECISION,
        "payment.claimed_until = now + CLAIM",
        "payment.claimed_until = None",
        f"{RACES}::test_two_hundred_looks_at_once_take_the_money_once",
    ),
    (
        "a capture without an answer keeps its claim",
        "bookings/payments/settlement/observe.py",
        "same.filter(claimed_until=payment.claimed_until).update(claimed_until=None)",
        "same.filter(claimed_until=payment.claimed_until)",
        f"{RACES}::test_a_capture_that_gets_no_answer_is_called_for_once_more",
    ),
    (
        "an old answer without money is believed",
        CASE,
        "return may_differ and payment.updated_at != self.as_of",
        "return False",
        f"{RACES}::test_a_look_that_asked_before_the_buyer_paid_decides_nothing",
    ),
    (
        "the owner of a hold isn't told that reserved money goes free",
        DECISION,
        "    if case.payment.state not in STOPPED or not was_ticket:\n",
        "    if case.payment.state not in STOPPED:\n",
        f"{TESTS}test_cancelled_while_paying.py"
        "::test_money_that_waited_for_a_busy_lock_goes_free_and_the_buyer_is_told",
    ),
    (
        "money that was taken after a refusal goes back",
        DECISION,
        "        return remote.state is RemoteState.CAPTURED\n    return payment.state",
        "        return False\n    return payment.state",
        f"{TESTS}test_money_after_all.py::test_money_that_is_taken_after_a_refusal_pays_the_ticket",
    ),
    (
        "money that is reserved again in time goes back",
        DECISION,
        "return payment.state == PaymentState.VOIDED and order.state in {OPEN, EXPIRED}",
        "return False",
        f"{TESTS}test_money_after_all.py::test_money_that_is_reserved_again_in_time_is_kept",
    ),
    (
        "another amount is accepted",
        CASE,
        "if paid != payment.amount:",
        "if False:",
        f"{TROUBLE}::test_another_amount_gives_no_ticket_and_goes_back",
    ),
    (
        "another currency is accepted",
        CASE,
        "if remote.currency != payment.currency:",
        "if False:",
        f"{TROUBLE}::test_another_currency_gives_no_ticket_and_goes_back",
    ),
    (
        "a payment of somebody else's is accepted",
        CASE,
        "if remote.uuid not in {None, case.payment.uuid}:",
        "if False:",
        f"{TROUBLE}::test_a_payment_that_names_another_payment_is_not_believed",
    ),
    (
        "a second payment of an order is kept",
        DECISION,
        "if order.state == PAID or any(",
        "if any(",
        f"{TROUBLE}::test_two_payments_of_one_order_the_second_goes_back",
    ),
    (
        "money for seats that were swapped buys them again",
        DECISION,
        "    if ends != EXPIRED:\n",
        "    if False:\n",
        f"{IN_TIME}::test_money_for_seats_that_are_gone_goes_back",
    ),
    (
        "a late buyer takes seats that somebody holds",
        SEATS,
        "not booking.has_lapsed(now) for booking",
        "False for booking",
        f"{IN_TIME}::test_money_for_seats_that_are_gone_goes_back",
    ),
    (
        "a late buyer gets seats of a show that began",
        SEATS,
        "if show.is_cancelled or show.has_started(now):",
        "if show.is_cancelled:",
        f"{IN_TIME}::test_money_for_seats_that_are_gone_goes_back",
    ),
    (
        "surplus money is not refunded",
        DECISION,
        "if left > 0:",
        "if left < 0:",
        f"{IN_TIME}::test_money_that_was_taken_at_once_for_seats_that_are_gone_is_refunded",
    ),
    (
        "a refused capture counts as paid",
        DECISION,
        "        payment.move_to(PaymentState.VOID_DUE)\n        _unpaid(case)\n",
        "        payment.move_to(PaymentState.VOID_DUE)\n",
        f"{TROUBLE}::test_a_capture_that_is_refused_for_good_gives_the_reservation_free",
    ),
    (
        "each press of Pay begins the time again",
        CHECKOUT,
        "if not Order.objects.filter(**of_person, pay_until=ends - MARGIN).exists():",
        "if True:",
        f"{PRESSES}::test_swapping_seats_does_not_extend_the_hold_again",
    ),
    (
        "swaps lengthen the ten minutes",
        CHECKOUT,
        "held_since + LONGEST_HOLD",
        "booking.created_at + LONGEST_HOLD",
        f"{PRESSES}::test_swaps_before_the_first_press_don_t_lengthen_the_ten_minutes",
    ),
    (
        "two processes open the same payment",
        PAYMENTS + "settlement/opening.py",
        "if earlier is not None and earlier > now:",
        "if False:",
        f"{PRESSES}::test_a_call_that_another_process_makes_is_not_made_twice_before_its_claim_is_over",
    ),
    (
        "the order of a swapped hold stays open",
        CHECKOUT,
        "        _end_orders_that_are_over(orders, payments, now)\n",
        "",
        f"{PRESSES}::test_swapping_seats_does_not_extend_the_hold_again",
    ),
    *(
        (f"without the unique index {name}", TABLES, old, new, f"{KEPT}::{test}")
        for name, old, new, test in (
            (
                "payment_one_open_per_order",
                "fields=('order',), name='payment_one_open_per_order'",
                "fields=('order', 'id'), name='payment_one_open_per_order'",
                "test_an_order_has_one_payment_that_can_be_paid_and_one_whose_money_is_kept",
            ),
            (
                "payment_one_kept_per_order",
                "fields=('order',), name='payment_one_kept_per_order'",
                "fields=('order', 'id'), name='payment_one_kept_per_order'",
                "test_an_order_has_one_payment_that_can_be_paid_and_one_whose_money_is_kept",
            ),
            (
                "payment_reference_unique",
                "fields=('provider', 'reference'), name='payment_reference_unique'",
                "fields=('id', 'reference'), name='payment_reference_unique'",
                "test_a_provider_s_ids_belong_to_one_payment",
            ),
            (
                "payment_charge_unique",
                "fields=('provider', 'charge'), name='payment_charge_unique'",
                "fields=('id', 'charge'), name='payment_charge_unique'",
                "test_a_provider_s_ids_belong_to_one_payment",
            ),
            (
                "order_one_live_per_booking",
                "fields=('booking',), name='order_one_live_per_booking'",
                "fields=('booking', 'id'), name='order_one_live_per_booking'",
                "test_a_booking_has_one_live_order",
            ),
        )
    ),
    (
        "the database allows more refunds than money",
        RULES,
        "given + NEW.amount > taken",
        "false",
        f"{KEPT}::test_no_more_can_be_given_back_than_was_taken",
    ),
    (
        "two refunds at once don't see each other",
        RULES,
        "WHERE id = NEW.payment_id FOR NO KEY UPDATE",
        "WHERE id = NEW.payment_id",
        f"{KEPT}::test_two_refunds_at_once_do_not_exceed_what_was_taken",
    ),
    (
        "a line is given back twice",
        REFUNDS,
        "    if is_too_large or total > ledger.left:\n",
        "    if total > ledger.left:\n",
        f"{TESTS}test_refunds.py::test_chosen_lines_go_back_once",
    ),
    (
        "more is given back than is left",
        REFUNDS,
        "    if is_too_large or total > ledger.left:\n        raise RefundTooLarge\n",
        "    pass\n",
        f"{TESTS}test_refunds.py::test_chosen_lines_go_back_once",
    ),
    (
        "what is left is read without the locks of the money",
        PAYMENTS + "ledger.py",
        "orders = lock_orders(show_id, which)\n    return _ledgers("
        "orders, lock_payments(show_id, Q(order__in=orders))) if orders else []",
        "return [read_ledger(order) for order in Order.objects.filter(which)]",
        f"{TESTS}test_refunds.py::test_who_gives_back_second_waits_and_finds_nothing_left",
    ),
    (
        "a refund that failed counts as given back",
        PAYMENTS + "models/refund.py",
        "return self.exclude(state=RefundState.FAILED)",
        "return self.all()",
        f"{TESTS}test_refunds.py",
    ),
    (
        "two workers send the same refund",
        PAYMENTS + "locks.py",
        'due.select_for_update(skip_locked=True, of=("self",), no_key=True)',
        "due",
        f"{TESTS}test_refund_queue.py::test_many_workers_at_once_send_each_refund_once",
    ),
    (
        "a refund is claimed that another worker has sent meanwhile",
        PAYMENTS + "locks.py",
        "locking.annotate",
        "due.model._default_manager.select_for_update(skip_locked=True).annotate",
        f"{TESTS}test_refund_queue.py::test_many_workers_at_once_send_each_refund_once",
    ),
    (
        "a claim locks without naming the show",
        PAYMENTS + "locks.py",
        "filter(pk=pk, show=show_id)",
        "filter(pk=pk)",
        "bookings/tests/test_show_is_bound.py::test_the_claims_of_a_payment_and_of_a_refund",
    ),
    (
        "a disputed payment is refunded",
        QUEUE,
        "waits = Exists(disputes) | Q",
        "waits = Q",
        f"{TESTS}test_refund_queue.py::test_a_disputed_payment_waits_for_the_bank",
    ),
    (
        "a low balance pauses nothing",
        QUEUE,
        'Exists(disputes) | Q(payment__provider__in=paused.values("payment__provider"))',
        "Exists(disputes)",
        f"{TESTS}test_refund_queue.py::"
        "test_a_balance_that_is_too_low_pauses_the_queue_and_not_the_refunds",
    ),
    (
        "a refund that has no answer counts as failed",
        QUEUE,
        "        _put_off(refund, pause_after(refund.tries))\n        done.unknown += 1\n"
        "        return False\n    except BalanceTooLow",
        '        _write(refund, partial(note_failure, code="no-answer"))\n'
        "        return False\n    except BalanceTooLow",
        f"{TESTS}test_refund_queue.py::"
        "test_an_answer_that_is_lost_is_looked_up_and_nothing_is_given_back_twice",
    ),
    (
        "each try of a refund has a key of its own",
        QUEUE,
        "        uuid=refund.uuid,\n",
        "        uuid=__import__('uuid').uuid4(),\n",
        f"{TESTS}test_refund_queue.py::"
        "test_an_answer_that_is_lost_is_looked_up_and_nothing_is_given_back_twice",
    ),
    (
        "less comes back than the page promised",
        PAYMENTS + "refunds/cancelling.py",
        "if least is not None and offer.back < least:",
        "if False:",
        f"{TESTS}test_cancelling.py::test_less_than_the_page_promised_cancels_nothing",
    ),
    (
        "a cancelled show keeps the fees",
        PAYMENTS + "refunds/cancelling.py",
        "            spread(ledger.left, ledger),\n            ledger.left,\n",
        "            spread(ledger.left, ledger),\n            ledger.left - 1,\n",
        f"{TESTS}test_cancelling.py::test_a_cancelled_show_gives_everything_back_fees_too",
    ),
    (
        "reserved money is taken for a cancelled ticket",
        PAYMENTS + "orders/closing.py",
        "    PaymentState.CAPTURE_DUE: PaymentState.VOID_DUE,\n",
        "",
        f"{TESTS}test_cancelling.py::test_money_that_is_only_reserved_is_set_free",
    ),
]
