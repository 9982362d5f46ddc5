"""The provider's list of a day beside ours."""

from datetime import UTC, timedelta

import pytest

from bookings import services
from bookings.payments.checkout.begin import begin_checkout
from bookings.payments.models import Dispute, Payment, Refund
from bookings.payments.providers.base import ProviderUnknown
from bookings.payments.reconciling.daily_comparison import Kind, compare
from bookings.payments.reconciling.reconciler import reconcile
from bookings.payments.settlement.observe import observe
from bookings.payments.states import PaymentState
from bookmyshow.core.time import A_DAY, database_now
from tests.support.factories import make_show, make_user
from tests.support.money import make_payment
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["stripe", "razorpay"])
def any_sandbox(request: pytest.FixtureRequest, sandbox: Sandbox, settings: object) -> Sandbox:
    settings.SANDBOX_PROTOCOL = request.param  # type: ignore[attr-defined]
    return sandbox


def being_paid() -> Payment:
    user = make_user()
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    begin_checkout(user=user, reference=held.reference)
    return Payment.objects.get(order__booking=held)


def paid(sandbox: Sandbox) -> Payment:
    payment = being_paid()
    sandbox.pay(payment.reference)
    assert observe(payment.pk).state == PaymentState.CAPTURED
    payment.refresh_from_db()
    return payment


def found() -> list[tuple[Kind, str]]:
    """Of the last two days: midnight may come during a test."""
    today = database_now().astimezone(UTC).date()
    return [(it.kind, it.payment) for day in (today - A_DAY, today) for it in compare(day)]


def test_equal_lists_have_no_difference(any_sandbox: Sandbox) -> None:
    paid(any_sandbox)
    being_paid()
    assert found() == []


def test_money_that_no_event_told_is_found_and_taken(any_sandbox: Sandbox) -> None:
    payment = being_paid()
    any_sandbox.pay(payment.reference)
    assert found() == [(Kind.OTHER_STATE, str(payment.uuid))]
    reconcile()
    payment.refresh_from_db()
    assert payment.state == PaymentState.CAPTURED
    assert found() == []


def test_money_for_a_payment_that_is_not_in_the_database_is_told(
    any_sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    payment = being_paid()
    any_sandbox.pay(payment.reference)
    Payment.objects.all().delete()
    ((kind, _),) = found()
    assert kind is Kind.MISSING_HERE
    assert "is not in the database" in caplog.text


def test_a_payment_that_the_provider_does_not_know_is_told(any_sandbox: Sandbox) -> None:
    payment = paid(any_sandbox)
    any_sandbox.control("POST", "reset")
    assert found() == [(Kind.MISSING_THERE, str(payment.uuid))]


def test_another_amount_is_told(any_sandbox: Sandbox) -> None:
    payment = paid(any_sandbox)
    Payment.objects.all().delete()
    same = {name: getattr(payment, name) for name in ("uuid", "provider", "reference", "charge")}
    make_payment(
        payment.order, PaymentState.CAPTURED, captured=payment.amount - 1, surplus=True, **same
    )
    assert found() == [(Kind.OTHER_AMOUNT, str(payment.uuid))]


def test_a_refund_made_at_the_provider_is_found_and_written_down(any_sandbox: Sandbox) -> None:
    payment = paid(any_sandbox)
    any_sandbox.control("POST", f"payments/{payment.charge}", action="refund", amount=100)
    assert found() == [(Kind.OTHER_REFUNDS, str(payment.uuid))]
    reconcile()
    assert Refund.objects.get().source == Refund.Source.EXTERNAL
    assert found() == []


def test_a_dispute_that_no_event_told_is_found_and_followed(any_sandbox: Sandbox) -> None:
    payment = paid(any_sandbox)
    told = any_sandbox.control("POST", f"payments/{payment.charge}", action="dispute")
    assert found() == []
    assert Dispute.objects.get().state == "needs_response"
    any_sandbox.control("POST", f"disputes/{told['dispute']}", won=False)
    assert found() == []
    assert Dispute.objects.get().state == "lost"
    # What the bank took is in our books, and no refund in the provider's list: not a difference.
    assert found() == []


def test_another_day_is_another_list(any_sandbox: Sandbox) -> None:
    payment = being_paid()
    any_sandbox.pay(payment.reference)
    day = database_now().astimezone(UTC).date() - timedelta(days=3)
    assert compare(day) == []


def test_money_at_the_counter_has_no_provider(sandbox: Sandbox) -> None:
    make_payment(paid(sandbox).order, PaymentState.CAPTURED, provider="counter", surplus=True)
    assert found() == []


def test_a_provider_that_does_not_answer_is_an_error(sandbox: Sandbox) -> None:
    sandbox.fault("unreachable", "list")
    with pytest.raises(ProviderUnknown):
        found()
