"""Money that came twice, in a wrong amount, or was refused; calls whose answers are lost.

The provider is the real sandbox process. After each test no money is lost (`conserved`).
"""

from datetime import timedelta

import pytest

from accounts.outbox.models import Message
from accounts.outbox.registry import Drop
from bookings import services
from bookings.documents.numbering import number_documents
from bookings.models import Booking
from bookings.payments import providers
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.orders.closing import close_finished_orders
from bookings.payments.settlement.case import Answer
from bookings.payments.settlement.decision import CLAIM, apply
from bookings.payments.settlement.observe import observe
from bookings.payments.settlement.opening import payment_key
from bookings.payments.staff.payment_decisions import close_review
from bookings.payments.states import OrderState, PaymentState
from bookmyshow.core.time import database_now
from tests.support.clocks import earlier
from tests.support.factories import make_user
from tests.support.mails import composed, files_of, html_of, text_of, the_mail
from tests.support.paying import mails, order_of, press, seen, status_of
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("conserved")]

CAPTURED, VOIDED = PaymentState.CAPTURED, PaymentState.VOIDED


def released(held: Booking) -> None:
    services.release_hold(user=held.user, reference=held.reference)


def test_two_payments_of_one_order_the_second_goes_back(sandbox: Sandbox, held: Booking) -> None:
    first = press(held)
    Payment.objects.update(created_at=earlier("created_at", timedelta(minutes=51)))
    second = press(held)
    sandbox.pay(first.payment.reference)
    sandbox.pay(second.payment.reference)
    assert seen(second).state == CAPTURED
    assert seen(first).state == VOIDED
    assert Payment.objects.get(pk=first.payment.pk).surplus


def test_two_payments_that_were_taken_at_once_the_second_is_refunded(
    sandbox: Sandbox, held: Booking
) -> None:
    first = press(held)
    Payment.objects.update(created_at=earlier("created_at", timedelta(minutes=51)))
    second = press(held)
    sandbox.pay(first.payment.reference, "bank")
    sandbox.pay(second.payment.reference, "bank")
    seen(first)
    assert (seen(second).state, seen(second).surplus) == (CAPTURED, True)
    refund = Refund.objects.get()
    assert (refund.payment_id, refund.source) == (second.payment.pk, Refund.Source.DUPLICATE)


def test_two_providers_the_first_under_the_lock_wins(
    sandbox: Sandbox, settings: object, held: Booking
) -> None:
    first = press(held)
    settings.SANDBOX_PROTOCOL = "razorpay"  # type: ignore[attr-defined]
    second = press(held)
    for checkout in (first, second):
        sandbox.pay(checkout.payment.reference)
    assert seen(first).state == CAPTURED
    # Razorpay gives a reservation back by itself.
    assert seen(second).state == PaymentState.VOID_DUE
    sandbox.let_time_pass()
    assert seen(second).state == VOIDED


@pytest.mark.parametrize("method", ["pay", "bank"])
@pytest.mark.parametrize(
    "fault", [{"kind": "wrong_amount", "amount": 400_00}, {"kind": "wrong_amount", "amount": 1}]
)
def test_another_amount_gives_no_ticket_and_goes_back(
    sandbox: Sandbox, held: Booking, fault: dict[str, str], method: str
) -> None:
    checkout = press(held)
    sandbox.fault(**fault)
    sandbox.pay(checkout.payment.reference, method)
    payment = seen(checkout)
    assert payment.state == (VOIDED if method == "pay" else CAPTURED)
    assert "was asked" in payment.review
    assert payment.surplus
    assert status_of(held) == Booking.Status.PENDING
    assert order_of(checkout).state == OrderState.OPEN
    # The buyer can pay the right amount.
    again = press(held)
    sandbox.pay(again.payment.reference)
    assert seen(again).state == CAPTURED


@pytest.mark.parametrize("method", ["pay", "bank"])
def test_another_currency_gives_no_ticket_and_goes_back(
    sandbox: Sandbox, held: Booking, method: str
) -> None:
    checkout = press(held)
    sandbox.fault("wrong_currency", currency="USD")
    sandbox.pay(checkout.payment.reference, method)
    payment = seen(checkout)
    assert (payment.surplus, payment.review) == (True, "Paid in USD, not in INR.")
    assert status_of(held) == Booking.Status.PENDING


def test_a_payment_that_names_another_payment_is_not_believed(
    sandbox: Sandbox, held: Booking
) -> None:
    """Two rows were mixed up by hand. The money is somebody's, so nothing is done with it."""
    first = press(held)
    other = services.hold_seats(user=make_user(), show_id=held.show_id, labels=["B1", "B2"])
    second = press(other)
    Payment.objects.filter(pk=second.payment.pk).update(reference="cs_test_gone")
    Payment.objects.filter(pk=first.payment.pk).update(reference=second.payment.reference)
    sandbox.pay(second.payment.reference)
    payment = seen(first)
    assert payment.state == PaymentState.REVIEW
    assert "names another payment" in payment.review
    assert status_of(held) == Booking.Status.PENDING
    assert sandbox.facts(second.payment.reference)["authorised"] == 500_00


def test_a_refused_capture_keeps_the_seats_and_leaves_the_money_owed(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    sandbox.fault("refuse", "capture", code="card_declined")
    sandbox.pay(checkout.payment.reference)
    payment = seen(checkout)
    assert (payment.state, payment.captured) == (VOIDED, 0)
    assert order_of(checkout).state == OrderState.UNPAID
    assert status_of(held) == Booking.Status.CONFIRMED
    assert mails() == ["booking-confirmed", "payment-refused"]
    # It can be paid again, by the link.
    again = press(held)
    assert again.payment.order_id == checkout.payment.order_id
    sandbox.pay(again.payment.reference)
    assert seen(again).state == CAPTURED
    assert order_of(checkout).state == OrderState.PAID
    assert mails() == ["booking-confirmed", "payment-refused", "ticket-paid"]


def test_a_capture_that_is_refused_for_good_gives_the_reservation_free(
    sandbox: Sandbox, held: Booking
) -> None:
    """The sandbox ends a reservation whose capture it refuses. Not every provider does."""
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    sandbox.fault("unreachable", "capture")
    payment = seen(checkout)
    remote = providers.provider("sandbox").fetch(payment_key(payment))
    answer = Answer(remote, payment.updated_at, acted=True, refused="amount_too_large")
    step = apply(payment.pk, answer)
    assert (step.payment.state, step.must_act) == (PaymentState.VOID_DUE, True)
    assert order_of(checkout).state == OrderState.UNPAID
    assert mails() == ["booking-confirmed", "payment-refused"]
    Payment.objects.update(claimed_until=None)
    assert seen(checkout).state == VOIDED
    assert sandbox.facts(checkout.payment.reference)["authorised"] == 0
    assert order_of(checkout).state == OrderState.UNPAID


def test_a_reservation_that_ended_before_the_capture_leaves_the_money_owed(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    reference = checkout.payment.reference
    facts = sandbox.pay(reference)
    sandbox.fault("unreachable", "capture")
    assert seen(checkout).state == PaymentState.CAPTURE_DUE
    sandbox.control("POST", f"payments/{facts['payments'][0]['id']}", action="end_authorisation")
    assert seen(checkout).state == VOIDED
    assert order_of(checkout).state == OrderState.UNPAID


def test_after_the_time_the_payment_is_ended_at_the_provider_and_then_the_seats_go(
    provider: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    assert close_finished_orders() == []
    Order.objects.update(pay_until=database_now())
    assert close_finished_orders() == [checkout.payment.pk]
    assert status_of(held) == Booking.Status.PENDING
    payment = seen(checkout)
    assert payment.state == PaymentState.CANCELLED
    assert order_of(checkout).state == OrderState.EXPIRED


def test_paid_in_the_last_seconds_while_we_end_it_confirms_the_hold(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    Order.objects.update(pay_until=database_now())
    close_finished_orders()
    sandbox.pay(checkout.payment.reference)
    assert seen(checkout).state == CAPTURED
    assert order_of(checkout).state == OrderState.PAID
    assert status_of(held) == Booking.Status.CONFIRMED


def test_an_observed_payment_whose_time_is_over_is_ended_without_the_reconciler(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    Order.objects.update(pay_until=database_now())
    assert seen(checkout).state == PaymentState.CANCELLED
    assert sandbox.facts(checkout.payment.reference)["status"] == "expired"


def test_a_ticket_cancelled_between_giving_the_seats_and_taking_the_money_is_not_charged(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    sandbox.fault("unreachable", "capture")
    assert seen(checkout).state == PaymentState.CAPTURE_DUE
    services.cancel_booking(user=held.user, reference=held.reference)
    assert seen(checkout).state == VOIDED
    assert sandbox.facts(checkout.payment.reference)["captured"] == 0
    assert order_of(checkout).state == OrderState.CANCELLED


def test_a_ticket_cancelled_while_the_money_is_being_taken_is_refunded(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    # Captured, and the answer is lost.
    sandbox.fault("drop", "capture")
    assert seen(checkout).state == PaymentState.CAPTURE_DUE
    services.cancel_booking(user=held.user, reference=held.reference)
    payment = seen(checkout)
    assert (payment.state, payment.surplus) == (CAPTURED, True)
    assert Refund.objects.get().amount == 500_00


@pytest.mark.parametrize("kind", ["drop", "unreachable", "error"])
@pytest.mark.parametrize("operation", ["*", "capture"])
def test_a_call_whose_answer_is_lost_is_finished_by_the_next_look(
    provider: Sandbox, held: Booking, kind: str, operation: str
) -> None:
    """As if this process had died between the provider's yes and our commit."""
    checkout = press(held)
    provider.pay(checkout.payment.reference)
    provider.fault(kind, operation)
    stopped = seen(checkout)
    assert stopped.state == (PaymentState.OPEN if operation == "*" else PaymentState.CAPTURE_DUE)
    assert stopped.last_error == "no answer"
    assert stopped.next_check_at is not None
    assert seen(checkout).state == CAPTURED
    assert mails() == ["booking-confirmed"]


def test_the_act_of_a_process_that_died_is_done_after_its_claim(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    sandbox.fault("unreachable", "capture")
    seen(checkout)
    Payment.objects.update(claimed_until=database_now() + CLAIM)
    assert seen(checkout).state == PaymentState.CAPTURE_DUE
    Payment.objects.update(claimed_until=database_now())
    assert seen(checkout).state == CAPTURED


def test_a_payment_that_the_provider_does_not_know_needs_a_person(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    sandbox.control("POST", "reset")
    payment = seen(checkout)
    assert payment.state == PaymentState.REVIEW
    assert "doesn't know" in payment.review


def test_a_provider_that_is_down_changes_nothing_and_is_asked_later(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    before = Payment.objects.get()
    sandbox.kill()
    payment = seen(checkout)
    assert payment.state == PaymentState.OPEN
    # A look before the planned one does not lengthen the pause.
    assert payment.next_check_at == before.next_check_at
    Payment.objects.update(next_check_at=database_now())
    later = seen(checkout)
    assert later.next_check_at is not None
    assert later.next_check_at > database_now() + timedelta(seconds=50)
    sandbox.start()


def test_money_at_the_counter_is_nobody_else_s(sandbox: Sandbox, held: Booking) -> None:
    checkout = press(held)
    Payment.objects.update(state=PaymentState.CANCELLED)
    taken = Payment.objects.create(
        show_id=checkout.payment.show_id,
        order_id=checkout.payment.order_id,
        provider="counter",
        method="cash",
        amount=500_00,
        currency="INR",
        state=CAPTURED,
        captured=500_00,
        captured_at=database_now(),
    )
    Order.objects.update(state=OrderState.PAID)
    services.confirm_booking(user=held.user, reference=held.reference)
    assert observe(taken.pk) == taken
    # Paid online as well: that money goes back.
    sandbox.pay(checkout.payment.reference)
    assert seen(checkout).state == VOIDED


def test_the_mails_name_the_amount_the_seats_and_the_reason(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    sandbox.fault("refuse", "capture")
    seen(checkout)
    ticket, refused = Message.objects.order_by("pk")
    assert isinstance(composed(ticket), Drop), "the other mail has the ticket"
    refusal = the_mail("payment-refused")
    assert next(iter(files_of(refusal))) == f"ticket-{held.reference}.pdf"
    again = press(held)
    sandbox.pay(again.payment.reference)
    seen(again)
    assert isinstance(composed(refused), Drop), "paid by now"
    number_documents()
    other = services.hold_seats(user=held.user, show_id=held.show_id, labels=["B1"])
    gone = press(other)
    sandbox.pay(gone.payment.reference)
    released(other)
    seen(gone)
    paid, back = the_mail("ticket-paid"), the_mail("money-back")
    assert refusal.subject == f"Please pay again: {held.show.movie.title}"
    assert "did not give us the ₹500" in text_of(refusal)
    assert paid.subject == f"Your ticket for {held.show.movie.title} is paid"
    assert "A1, A2" in paid.body
    assert len(files_of(paid)) == 3, "ticket, calendar entry, receipt"
    assert "because you had let these seats go before you paid" in text_of(back)
    for mail, reference in ((refusal, held.reference), (back, other.reference)):
        assert f"/bookings/{reference}/" in mail.body
        assert f"/bookings/{reference}/" in html_of(mail)


@pytest.mark.parametrize("lost", ["drop", "unreachable"])
def test_a_capture_that_a_person_had_to_look_at_is_kept_for_its_ticket(
    sandbox: Sandbox, held: Booking, lost: str
) -> None:
    """The money was taken or only reserved, and nobody knew for a week."""
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    sandbox.fault(lost, "capture")
    assert seen(checkout).state == PaymentState.CAPTURE_DUE
    Payment.objects.update(state=PaymentState.REVIEW, review="Undecided after a week.")
    in_review = Payment.objects.get()
    close_review(in_review, by=make_user(is_staff=True), reason="Looked at it")
    payment = seen(checkout)
    assert (payment.state, payment.surplus) == (CAPTURED, False)
    assert order_of(checkout).state == OrderState.PAID
    assert not Refund.objects.exists()
