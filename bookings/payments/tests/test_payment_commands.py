from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from bookings import services
from bookings.payments.checkout.begin import begin_checkout
from bookings.payments.models import Payment
from bookings.payments.settlement.observe import observe
from bookings.payments.states import PaymentState
from tests.support.factories import make_show, make_user
from tests.support.money import make_refund
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def run(command: str, *args: str) -> str:
    out = StringIO()
    call_command(command, *args, stdout=out)
    return out.getvalue()


@pytest.fixture
def payment(sandbox: Sandbox) -> Payment:
    """Paid at the provider, and nobody told us."""
    user = make_user()
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    begin_checkout(user=user, reference=held.reference)
    found = Payment.objects.select_related("order").get()
    sandbox.pay(found.reference)
    return found


def state(payment: Payment) -> str:
    payment.refresh_from_db()
    return payment.state


def test_reconcile_payments_looks_at_what_is_due(payment: Payment) -> None:
    assert "0 payments are due." in run("reconcile_payments", "--dry-run")
    Payment.objects.update(next_check_at=payment.created_at)
    assert "1 payments are due." in run("reconcile_payments", "--dry-run")
    assert state(payment) == PaymentState.OPEN
    assert run("reconcile_payments").startswith("1 payments looked at, 0 without an answer")
    assert state(payment) == PaymentState.CAPTURED


@pytest.mark.parametrize("name", ["order", "booking", "uuid", "reference"])
def test_one_payment_is_looked_at_by_any_of_its_names(payment: Payment, name: str) -> None:
    names = {
        "order": ["--order", payment.order.reference],
        "booking": ["--order", payment.order.booking_reference],
        "uuid": ["--payment", str(payment.uuid)],
        "reference": ["--payment", payment.reference],
    }
    assert "CAPTURED" in run("reconcile_payments", *names[name])


def test_an_unknown_name_and_a_provider_without_an_answer_are_errors(
    payment: Payment, sandbox: Sandbox
) -> None:
    with pytest.raises(CommandError, match="no online payment"):
        run("reconcile_payments", "--payment", "cs_nobody")
    sandbox.fault("unreachable", "fetch", times=2)
    with pytest.raises(CommandError, match="no answer"):
        run("reconcile_payments", "--order", payment.order.reference)
    Payment.objects.update(next_check_at=payment.created_at)
    with pytest.raises(CommandError, match="no answer"):
        run("reconcile_payments")


def test_payment_report_adds_up_and_lists_what_is_not_settled(payment: Payment) -> None:
    assert observe(payment.pk).state == PaymentState.CAPTURED
    make_refund(payment, 50_00, state="SUCCEEDED")
    make_refund(payment, 20_00)
    # Of the payment: midnight may come meanwhile.
    today = f"{payment.created_at:%Y-%m-%d}"
    report = run("payment_report", "--from", today)
    assert "1 payments         250.00 INR" in report
    assert "1 refunds          50.00 INR   kept 200.00" in report
    assert f"refund of order {payment.order.reference}, sandbox: 20.00 INR, To be sent" in report
    assert "1 matters are not settled." in report
    assert "payments" not in run("payment_report", "--from", "2020-01-01").splitlines()[1]


def test_payment_report_compares_with_the_provider(payment: Payment) -> None:
    today = f"{payment.created_at:%Y-%m-%d}"
    with pytest.raises(CommandError, match="1 differences"):
        run("payment_report", "--from", today, "--compare")
    run("reconcile_payments")
    assert "0 matters" in run("payment_report", "--from", today, "--compare")
    with pytest.raises(CommandError, match="before"):
        run("payment_report", "--from", today, "--to", "2020-01-01")
