"""What happens to taken money later, at the provider: refunds made or failed there, disputes."""

import pytest

from bookings.payments.models import Dispute, Payment, Refund
from bookings.payments.reconciling.disputes import look_at_dispute
from bookings.payments.reconciling.undecided_payments import look_at_refunds
from bookings.payments.refunds.queue import send_due
from tests.support.factories import make_booking, make_show
from tests.support.money import make_order, make_refund
from tests.support.paid import pay_online
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payment(sandbox: Sandbox) -> Payment:
    return pay_online(sandbox, make_order(make_booking(make_show(), ["A1", "A2"]), fee=40_00))


def refunds() -> list[tuple[int, str, str, str]]:
    rows = Refund.objects.order_by("pk").values_list("amount", "source", "state", "failure_code")
    return list(rows)


def test_a_refund_made_at_the_provider_is_noticed_once(sandbox: Sandbox, payment: Payment) -> None:
    sandbox.control("POST", f"payments/{payment.charge}", action="refund", amount=100_00)
    for _ in range(2):
        look_at_refunds(payment)
    assert refunds() == [(100_00, "EXTERNAL", "SUCCEEDED", "")]


def test_it_takes_the_place_of_ours_that_is_only_due(sandbox: Sandbox, payment: Payment) -> None:
    """What it does not cover is still owed, and sent."""
    make_refund(payment, payment.amount)
    sandbox.control("POST", f"payments/{payment.charge}", action="refund", amount=100_00)
    look_at_refunds(payment)
    assert refunds() == [
        (540_00, "CUSTOMER", "FAILED", "made-at-the-provider"),
        (440_00, "CUSTOMER", "DUE", ""),
        (100_00, "EXTERNAL", "SUCCEEDED", ""),
    ]


def test_a_refund_that_a_bank_sends_back_weeks_later_is_left_to_staff(
    sandbox: Sandbox, payment: Payment
) -> None:
    make_refund(payment, 100_00)
    send_due()
    refund = Refund.objects.get()
    assert refund.state == "SUCCEEDED"
    sandbox.control("POST", f"refunds/{refund.reference}", failure="lost_or_stolen_card")
    look_at_refunds(payment)
    look_at_refunds(payment)
    assert refunds() == [(100_00, "CUSTOMER", "FAILED", "lost_or_stolen_card")]


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_is_followed_to_its_end(sandbox: Sandbox, payment: Payment, won: bool) -> None:
    opened = sandbox.control("POST", f"payments/{payment.charge}", action="dispute")["dispute"]
    for _ in range(2):
        look_at_dispute(payment.provider, opened)
    dispute = Dispute.objects.get()
    assert (dispute.payment, dispute.state) == (payment, "needs_response")
    assert dispute.due_at
    make_refund(payment, 100_00)
    assert send_due().sent == 0
    sandbox.control("POST", f"disputes/{opened}", won=won)
    for _ in range(2):
        look_at_dispute(payment.provider, opened)
    dispute.refresh_from_db()
    assert dispute.closed_at
    send_due()
    if won:
        assert refunds() == [(100_00, "CUSTOMER", "SUCCEEDED", "")]
    else:
        assert refunds() == [
            (100_00, "CUSTOMER", "FAILED", "charged-back"),
            (540_00, "DISPUTE", "SUCCEEDED", ""),
        ]
