"""Events of providers: only genuine ones are stored, each once, and nothing else in them is."""

import hashlib
import hmac
import logging
import time

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from bookings import services
from bookings.models import Booking
from bookings.payments.checkout.begin import begin_checkout
from bookings.payments.models import Payment, ProviderEvent
from bookings.payments.providers import sandbox_keys
from bookings.payments.providers.razorpay import CALLBACK_PATH
from bookings.payments.states import PaymentState
from bookings.payments.webhooks import views as webhook_views
from tests.support.factories import make_show, make_user
from tests.support.provider_events import (
    post_razorpay,
    post_stripe,
    razorpay_event,
    stripe_event,
)
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def being_paid() -> Payment:
    """A payment whose buyer is on the provider's page."""
    user = make_user()
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    begin_checkout(user=user, reference=held.reference)
    return Payment.objects.get(order__booking=held)


def state_of(payment: Payment) -> tuple[str, str]:
    payment.refresh_from_db()
    return payment.state, Booking.objects.get(pk=payment.order.booking_id).status


def test_an_event_confirms_the_booking_and_takes_the_money(sandbox: Sandbox) -> None:
    payment = being_paid()
    sandbox.pay(payment.reference)
    assert post_stripe(stripe_event(payment)).status_code == 200
    assert state_of(payment) == (PaymentState.CAPTURED, Booking.Status.CONFIRMED)
    assert sandbox.facts(payment.reference)["captured"] == payment.amount
    event = ProviderEvent.objects.get()
    assert event.payment == payment
    assert event.handled_at is not None


def test_an_event_of_razorpay_does_the_same(razorpay_sandbox: Sandbox) -> None:
    payment = being_paid()
    razorpay_sandbox.pay(payment.reference)
    assert post_razorpay(razorpay_event(payment)).status_code == 200
    assert state_of(payment) == (PaymentState.CAPTURED, Booking.Status.CONFIRMED)


def test_what_an_event_says_is_not_believed(sandbox: Sandbox) -> None:
    """Genuine and early: the provider says that nobody has paid yet."""
    payment = being_paid()
    assert post_stripe(stripe_event(payment)).status_code == 200
    assert state_of(payment) == (PaymentState.OPEN, Booking.Status.PENDING)


def test_an_event_that_comes_again_is_stored_once(sandbox: Sandbox) -> None:
    payment = being_paid()
    body = stripe_event(payment)
    for again in (body, body, stripe_event(payment, "charge.refunded", event_id="evt_1")):
        assert post_stripe(again).status_code == 200
    assert ProviderEvent.objects.count() == 1


def test_an_event_without_an_id_is_known_by_its_body(razorpay_sandbox: Sandbox) -> None:
    payment = being_paid()
    for _ in range(2):
        assert post_razorpay(razorpay_event(payment), event_id="").status_code == 200
    assert post_razorpay(razorpay_event(payment, "order.paid"), event_id="").status_code == 200
    assert ProviderEvent.objects.count() == 2


def test_nothing_of_the_body_is_stored_but_kind_and_payment(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    payment = being_paid()
    post_stripe(stripe_event(payment))
    stored = str(ProviderEvent.objects.values().get())
    for hidden in ("asha.rao", "4242", "Xt5EWLLDS7FJjR1c"):
        assert hidden not in stored
        assert hidden not in caplog.text


def test_forged_and_old_events_are_refused_and_noted(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    payment = being_paid()
    sandbox.pay(payment.reference)
    body = stripe_event(payment)
    assert post_stripe(body, secret="whsec_of_somebody").status_code == 400
    assert post_stripe(body, seconds_ago=301).status_code == 400
    assert post_razorpay(razorpay_event(payment), secret="guessed").status_code == 400
    assert not ProviderEvent.objects.exists()
    assert state_of(payment) == (PaymentState.OPEN, Booking.Status.PENDING)
    lines = [record for record in caplog.records if record.name == "security"]
    assert [(it.event, it.outcome) for it in lines] == [("payment event", "refused")] * 3  # type: ignore[attr-defined]


def test_what_is_too_long_or_for_nobody_is_refused(sandbox: Sandbox) -> None:
    assert post_stripe("x" * (webhook_views.MOST_BYTES + 1)).status_code == 413
    assert Client().post("/payments/paypal/events/", "{}", "application/json").status_code == 404
    assert Client().get("/payments/sandbox/events/").status_code == 405


def test_a_signature_that_is_not_ascii_is_refused(sandbox: Sandbox) -> None:
    headers = {"Stripe-Signature": f"t={int(time.time())},v1=é", "X-Razorpay-Signature": "é"}
    for code in ("sandbox", "sandbox-razorpay"):
        answer = Client(headers=headers).post(f"/payments/{code}/events/", "{}", "application/json")
        assert answer.status_code == 400


def test_events_of_the_sandbox_are_for_nobody_where_it_is_not_in_use(settings: Settings) -> None:
    """Its keys are in the repository, so anybody can sign them."""
    settings.PAYMENTS = "stripe"
    stranger = Payment(reference="cs_1")
    assert post_stripe(stripe_event(stranger, "charge.dispute.created")).status_code == 404
    assert post_razorpay(razorpay_event(stranger)).status_code == 404
    assert not ProviderEvent.objects.exists()


def test_an_event_about_nothing_of_ours_is_handled(sandbox: Sandbox) -> None:
    stranger = Payment(reference="cs_of_another_shop")
    assert post_stripe(stripe_event(stranger)).status_code == 200
    event = ProviderEvent.objects.get()
    assert event.payment is None
    assert event.handled_at is not None


def test_an_event_waits_while_the_provider_does_not_answer(sandbox: Sandbox) -> None:
    """The payment is due at once then: the reconciler looks at it."""
    payment = being_paid()
    sandbox.pay(payment.reference)
    sandbox.fault("unreachable", "fetch")
    assert post_stripe(stripe_event(payment)).status_code == 200
    assert state_of(payment)[0] == PaymentState.OPEN
    assert payment.next_check_at is not None


# The way back from Razorpay's page


def returned(payment: Payment, **fields: str) -> dict[str, str]:
    """What Razorpay makes the browser post after a payment."""
    return signed_return(payment.reference) | fields


def signed_return(order: str) -> dict[str, str]:
    text = f"{order}|pay_1".encode()
    key = sandbox_keys.RAZORPAY_KEY_SECRET.encode()
    return {
        "razorpay_order_id": order,
        "razorpay_payment_id": "pay_1",
        "razorpay_signature": hmac.new(key, text, hashlib.sha256).hexdigest(),
    }


def test_the_address_is_the_one_that_razorpay_gets() -> None:
    assert reverse("bookings:razorpay-return") == CALLBACK_PATH


@pytest.mark.parametrize("paid", [True, False])
def test_razorpay_leads_the_browser_to_the_payments_page(
    razorpay_sandbox: Sandbox, paid: bool
) -> None:
    payment = being_paid()
    fields = returned(payment) if paid else {"error[code]": "BAD_REQUEST_ERROR"}
    client = Client(enforce_csrf_checks=True)
    response = client.post(f"{CALLBACK_PATH}?payment={payment.uuid}", fields)
    assert response.status_code == 303
    assert response["Location"] == (
        f"/bookings/{payment.order.booking_reference}/payments/{payment.uuid}/return"
    )


def test_a_forged_return_is_refused_and_noted(
    razorpay_sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    payment = being_paid()
    url = f"{CALLBACK_PATH}?payment={payment.uuid}"
    for forged in (
        returned(payment, razorpay_signature="0" * 64),
        returned(payment, razorpay_payment_id="pay_2"),
        returned(payment, razorpay_order_id="order_of_somebody"),
        signed_return("order_of_another_payment"),
    ):
        assert Client().post(url, forged).status_code == 400
    assert "payment return refused" in caplog.text


def test_a_return_of_nobodys_payment_is_not_found(sandbox: Sandbox) -> None:
    payment = being_paid()  # Stripe's protocol: its return is a GET.
    for name in (str(payment.uuid), "0" * 32, "nonsense", ""):
        assert Client().post(f"{CALLBACK_PATH}?payment={name}").status_code == 404
