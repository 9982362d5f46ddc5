"""A show or booking is cancelled while its buyer pays: nothing is kept, and the buyer is told."""

from collections.abc import Callable

import pytest
from django.core import mail

from accounts.models import User
from accounts.outbox.sending import send_due as send_mails
from bookings import services
from bookings.models import Booking
from bookings.payments.checkout.begin import begin_checkout
from bookings.payments.models import Order, Payment
from bookings.payments.reconciling.reconciler import reconcile
from bookings.payments.refunds import queue as refund_queue
from bookings.payments.settlement.observe import observe
from bookings.payments.states import OrderState, PaymentState
from bookings.show_changes.services import cancel_show
from tests.support.factories import make_show, make_user
from tests.support.paying import mails
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def buyer() -> User:
    return make_user()


@pytest.fixture
def hold(buyer: User) -> Booking:
    return services.hold_seats(user=buyer, show_id=make_show().pk, labels=["A1", "A2"])


@pytest.fixture
def payment(sandbox: Sandbox, hold: Booking, buyer: User) -> Payment:
    return begin_checkout(user=buyer, reference=hold.reference).payment


def cancel_the_show(hold: Booking) -> None:
    cancel_show(by=make_user(is_staff=True), show_id=hold.show_id)


def let_go(hold: Booking) -> None:
    services.release_hold(user=hold.user, reference=hold.reference)


def money(sandbox: Sandbox, payment: Payment) -> tuple[int, int]:
    """What was taken and not given back, and what is still reserved."""
    facts = sandbox.facts(payment.reference)
    return facts["captured"] - facts["refunded"], facts["authorised"]


def settle() -> None:
    Payment.objects.filter(next_check_at__isnull=False).update(next_check_at="2020-01-01T00:00Z")
    reconcile()
    refund_queue.send_due()


@pytest.mark.parametrize("end", [cancel_the_show, let_go])
def test_money_that_is_reserved_just_before_goes_free(
    sandbox: Sandbox, hold: Booking, payment: Payment, end: Callable[[Booking], None]
) -> None:
    sandbox.pay(payment.reference)
    end(hold)
    settle()
    payment.refresh_from_db()
    assert payment.state == PaymentState.VOIDED
    assert money(sandbox, payment) == (0, 0)
    send_mails()
    assert any("₹500" in str(message.body) for message in mail.outbox)
    order = Order.objects.get()
    assert order.state in {OrderState.CANCELLED, OrderState.ABANDONED}
    assert Booking.objects.get().status == "FAILED"


@pytest.mark.parametrize("end", [cancel_the_show, let_go])
def test_money_that_waited_for_a_busy_lock_goes_free_and_the_buyer_is_told(
    sandbox: Sandbox, hold: Booking, payment: Payment, end: Callable[[Booking], None]
) -> None:
    sandbox.pay(payment.reference)
    # A look saw the money and could decide nothing.
    Payment.objects.update(state=PaymentState.AUTHORISED)
    end(hold)
    settle()
    payment.refresh_from_db()
    assert payment.state == PaymentState.VOIDED
    assert money(sandbox, payment) == (0, 0)
    assert mails().count("money-back") == 1


@pytest.mark.parametrize("end", [cancel_the_show, let_go])
def test_nobody_can_pay_afterwards(
    sandbox: Sandbox, hold: Booking, payment: Payment, end: Callable[[Booking], None]
) -> None:
    end(hold)
    settle()
    payment.refresh_from_db()
    assert payment.state == PaymentState.CANCELLED
    with pytest.raises(ValueError, match=r"expired|complete|open|ended"):
        sandbox.pay(payment.reference)
    assert money(sandbox, payment) == (0, 0)


@pytest.mark.parametrize("end", [cancel_the_show, let_go])
def test_money_that_was_taken_at_once_comes_back(
    sandbox: Sandbox, hold: Booking, payment: Payment, end: Callable[[Booking], None]
) -> None:
    sandbox.pay(payment.reference, "bank")
    end(hold)
    settle()
    assert money(sandbox, payment) == (0, 0)


def test_a_ticket_cancelled_between_reserving_and_taking_costs_nothing(
    sandbox: Sandbox, hold: Booking, payment: Payment, buyer: User
) -> None:
    sandbox.pay(payment.reference)
    sandbox.fault("unreachable", "capture")
    observe(payment.pk)
    payment.refresh_from_db()
    assert payment.state == PaymentState.CAPTURE_DUE
    services.cancel_booking(user=buyer, reference=hold.reference)
    settle()
    payment.refresh_from_db()
    assert payment.state == PaymentState.VOIDED
    assert money(sandbox, payment) == (0, 0)


def test_the_same_if_the_money_was_taken_and_only_the_answer_was_lost(
    sandbox: Sandbox, hold: Booking, payment: Payment, buyer: User
) -> None:
    sandbox.pay(payment.reference)
    sandbox.fault("drop", "capture")
    observe(payment.pk)
    services.cancel_booking(user=buyer, reference=hold.reference)
    settle()
    payment.refresh_from_db()
    assert (payment.state, payment.surplus) == (PaymentState.CAPTURED, True)
    assert money(sandbox, payment) == (0, 0)
