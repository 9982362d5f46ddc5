"""Money for a payment that was written off: its capture was refused, or its reservation ended.

The provider is the real sandbox process. After each test no money is lost (`conserved`).
"""

from dataclasses import replace

import pytest

from bookings.models import Booking
from bookings.payments import providers
from bookings.payments.models import Payment
from bookings.payments.providers.base import RemoteState
from bookings.payments.settlement.case import Answer
from bookings.payments.settlement.decision import apply
from bookings.payments.settlement.opening import payment_key
from bookings.payments.states import OrderState, PaymentState
from tests.support.paying import mails, order_of, press, run_out, seen
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("conserved")]

CAPTURED, VOIDED = PaymentState.CAPTURED, PaymentState.VOIDED


@pytest.mark.parametrize("state", [PaymentState.VOID_DUE, VOIDED])
def test_money_that_is_taken_after_a_refusal_pays_the_ticket(
    sandbox: Sandbox, held: Booking, state: PaymentState
) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    sandbox.fault("unreachable", "capture")
    payment = seen(checkout)
    key, provider = payment_key(payment), providers.provider("sandbox")
    remote = provider.fetch(key)
    apply(payment.pk, Answer(remote, payment.updated_at, acted=True, refused="refused"))
    if state == VOIDED:
        payment.refresh_from_db()
        gone = replace(remote, state=RemoteState.CANCELLED, authorised=0)
        apply(payment.pk, Answer(gone, payment.updated_at, acted=True))
    assert (order_of(checkout).state, Payment.objects.get().state) == (OrderState.UNPAID, state)
    provider.capture(key)
    payment = seen(checkout)
    assert (payment.state, payment.surplus) == (CAPTURED, False)
    assert order_of(checkout).state == OrderState.PAID
    assert mails() == ["booking-confirmed", "payment-refused", "ticket-paid"]


@pytest.mark.parametrize("late", [False, True])
def test_money_that_is_reserved_again_in_time_is_kept(
    sandbox: Sandbox, held: Booking, late: bool
) -> None:
    """The bank had taken a reservation back while a busy lock kept it undecided."""
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    Payment.objects.update(state=PaymentState.AUTHORISED)
    payment = Payment.objects.get()
    remote = providers.provider("sandbox").fetch(payment_key(payment))
    apply(payment.pk, Answer(replace(remote, state=RemoteState.CANCELLED), payment.updated_at))
    step = apply(payment.pk, Answer(remote, payment.updated_at))
    assert (step.payment.state, step.must_act) == (VOIDED, False), "an old answer: ask again"
    assert step.payment.next_check_at is not None
    if late:
        run_out(held)
    assert seen(checkout).state == CAPTURED
    assert order_of(checkout).state == OrderState.PAID
    assert mails() == ["booking-confirmed"]
