from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from bookings.payments import providers
from bookings.payments.models import Dispute, Payment, ProviderEvent, Refund
from bookings.payments.states import PaymentState, RefundState
from bookmyshow.site import payment_checks
from bookmyshow.site.findings import Finding
from tests.support.factories import make_booking, make_show
from tests.support.money import make_order, make_payment, make_refund
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def ways() -> list[Finding]:
    return list(payment_checks.ways_to_pay())


def money() -> list[str]:
    return [finding.text for finding in payment_checks.owed_money()]


def make_paid(state: PaymentState = PaymentState.CAPTURED) -> Payment:
    return make_payment(make_order(make_booking(make_show(), ["A1"])), state)


def test_without_a_provider_it_says_that_customers_pay_at_the_cinema() -> None:
    (found,) = ways()
    assert found.text == "only at the cinema; nothing is paid online (PAYMENTS is empty)"
    assert not found.advice


def test_the_sandbox_is_a_warning_that_no_money_moves(sandbox: Sandbox) -> None:
    mode, keys = ways()
    assert mode.text == "online through Stripe and at the cinema, in test mode: no money moves"
    assert mode.advice
    assert not mode.is_error
    assert keys.text == "answers, and takes the keys"
    assert not keys.advice


def test_razorpays_keys_are_checked_too(razorpay_sandbox: Sandbox) -> None:
    assert [finding.is_error for finding in ways()] == [False, False]


def test_a_provider_that_is_away_and_a_wrong_key_are_errors(sandbox: Sandbox) -> None:
    sandbox.fault("unreachable", times=-1)
    assert "does not answer as it should" in ways()[1].text
    sandbox.calm()
    sandbox.control("POST", "configuration", stripe_key="sk_test_another")
    try:
        wrong = ways()[1]
    finally:
        sandbox.control("POST", "configuration", stripe_key="sk_test_sandbox")
    assert wrong.is_error
    assert "STRIPE_SECRET_KEY" in wrong.text


def test_live_keys_need_an_https_address(settings: Settings, sandbox: Sandbox) -> None:
    settings.PAYMENTS, settings.STRIPE_SECRET_KEY = "stripe", "sk_live_51Qtest"
    settings.SITE_URL = "http://tickets.example"
    provider = providers.provider("stripe")
    assert not provider.test_mode
    found = next(payment_checks.ways_to_pay())
    assert found.is_error
    assert "SITE_URL" in found.advice


def test_money_that_waits_for_nobody_is_well() -> None:
    make_paid()
    assert money() == ["none waits too long, or for a person"]


def test_reserved_money_is_late_after_two_minutes() -> None:
    payment = make_paid(PaymentState.AUTHORISED)
    since(payment, minutes=1)
    assert money() == ["none waits too long, or for a person"]
    since(payment, minutes=3)
    assert money() == ["reserved and not decided about: 1, the oldest for 3\xa0minutes"]


def test_what_is_due_is_late_after_a_quarter_of_an_hour() -> None:
    since(make_paid(PaymentState.VOID_DUE), minutes=20)
    refund = make_refund(make_paid(), 100)
    Refund.objects.filter(pk=refund.pk).update(created_at=timezone.now() - timedelta(minutes=16))
    event = ProviderEvent.objects.create(provider="stripe", event_id="evt_1", body_hash="1")
    ProviderEvent.objects.filter(pk=event.pk).update(
        received_at=timezone.now() - timedelta(minutes=6)
    )
    assert money() == [
        "to be taken, ended or released: 1, the oldest for 20\xa0minutes",
        "to be refunded: 1, the oldest for 16\xa0minutes",
        "events not handled: 1, the oldest for 6\xa0minutes",
    ]


def test_what_waits_for_a_person_is_named() -> None:
    payment = make_paid()
    Payment.objects.filter(pk=payment.pk).update(review="another amount was paid")
    failed = make_refund(payment, 100, state=RefundState.FAILED)
    make_refund(payment, 50, state=RefundState.MANUAL)
    Dispute.objects.create(
        show_id=payment.show_id,
        payment=payment,
        provider="sandbox",
        reference="du_1",
        amount=100,
        currency="INR",
        state=Dispute.State.NEEDS_RESPONSE,
    )
    found = [text.partition(":")[0] for text in money()]
    assert found == [
        "payments to review",
        "refunds that failed",
        "refunds to be handed back",
        "open disputes",
    ]
    # A failed refund that was tried again is told by its newer row.
    make_refund(payment, 100, retry_of=failed)
    assert "refunds that failed" not in {text.partition(":")[0] for text in money()}


def since(payment: Payment, *, minutes: int) -> None:
    """Let the payment have been in its state for this long."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments_payment SET updated_at = clock_timestamp() - make_interval(mins => %s)"
            " WHERE id = %s",
            [minutes, payment.pk],
        )
