"""Events reach the shop with real signatures: once, twice, late, never, forged."""

import hashlib
import hmac
import json
from typing import Any

import pytest
import stripe as sdk

from tests.support.provider_clients import Razorpay, Receiver
from tests.support.sandbox import Sandbox

SECRETS = ["whsec_new", "whsec_old"]


@pytest.fixture
def shop(sandbox: Sandbox, receiver: Receiver) -> Receiver:
    """A shop that is told everything, with two secrets."""
    sandbox.send_events_to(receiver.url, webhook_secrets=SECRETS)
    return receiver


def buy(stripe: sdk.StripeClient, sandbox: Sandbox) -> str:
    """Pay for something. Two events follow: the amount is capturable, the session is complete."""
    price = {"currency": "inr", "unit_amount": 100, "product_data": {"name": "Seat"}}
    values: Any = {
        "mode": "payment",
        "payment_intent_data": {"capture_method": "manual"},
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": "http://127.0.0.1:1/",
    }
    session = stripe.v1.checkout.sessions.create(values)
    sandbox.pay(session.id)
    return session.id


def test_an_event_of_stripes_is_signed_with_each_secret(
    stripe: sdk.StripeClient, sandbox: Sandbox, shop: Receiver
) -> None:
    buy(stripe, sandbox)
    for received in shop.wait_for(2):
        signature = received.headers["stripe-signature"]
        assert signature.count("v1=") == 2
        for secret in SECRETS:
            event = sdk.Webhook.construct_event(received.body, signature, secret)
            assert stripe.v1.events.retrieve(event.id).type == event.type
    assert set(shop.kinds()) == {
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
    }


def test_an_event_of_razorpays_is_signed_with_the_newest_secret(
    razorpay: Razorpay, sandbox: Sandbox, shop: Receiver
) -> None:
    order = razorpay.post("orders", {"amount": 700, "currency": "INR"})
    sandbox.pay(order["id"])
    (received,) = shop.wait_for(1)
    expected = hmac.new(b"whsec_new", received.body, hashlib.sha256).hexdigest()
    assert received.headers["x-razorpay-signature"] == expected
    assert received.headers["x-razorpay-event-id"]
    event = json.loads(received.body)
    assert event["event"] == "payment.authorized"
    assert event["payload"]["payment"]["entity"]["order_id"] == order["id"]


def test_an_event_is_sent_until_it_is_taken_also_after_a_kill(
    stripe: sdk.StripeClient, sandbox: Sandbox, shop: Receiver
) -> None:
    shop.status = 503
    buy(stripe, sandbox)
    shop.wait_for(2)
    sandbox.kill()
    shop.status = 200
    sandbox.start()
    sandbox.wait_until_events_arrived()
    assert len(shop.received) >= 4


def test_events_come_twice_late_or_never(
    stripe: sdk.StripeClient, sandbox: Sandbox, shop: Receiver
) -> None:
    sandbox.fault("never", only="payment_intent.amount_capturable_updated")
    sandbox.fault("twice", only="checkout.session.completed")
    buy(stripe, sandbox)
    first, second = shop.wait_for(2)
    assert first.body == second.body
    assert shop.kinds() == ["checkout.session.completed"] * 2
    sandbox.fault("late", seconds=3600, times=2)
    buy(stripe, sandbox)
    assert sandbox.control("GET", "ready")["unsent"] == 2
    # What was not sent yet can be sent by hand.
    late = next(e for e in sandbox.events() if not all(d["done"] for d in e["deliveries"]))
    sandbox.control("POST", f"events/{late['id']}/send")
    assert json.loads(shop.wait_for(3)[2].body)["id"] == late["id"]


def test_an_event_is_overtaken_by_the_next_one(
    stripe: sdk.StripeClient, sandbox: Sandbox, shop: Receiver
) -> None:
    sandbox.fault("reordered", only="payment_intent.amount_capturable_updated")
    buy(stripe, sandbox)
    shop.wait_for(2)
    assert shop.kinds() == [
        "checkout.session.completed",
        "payment_intent.amount_capturable_updated",
    ]


@pytest.mark.parametrize("kind", ["forged", "old"])
def test_a_forged_and_an_old_event_fail_the_check(
    stripe: sdk.StripeClient, sandbox: Sandbox, shop: Receiver, kind: str
) -> None:
    sandbox.fault(kind, times=2)
    buy(stripe, sandbox)
    for received in shop.wait_for(2):
        signature = received.headers["stripe-signature"]
        with pytest.raises(sdk.SignatureVerificationError):
            sdk.Webhook.construct_event(received.body, signature, "whsec_new", tolerance=300)


def test_money_that_is_given_back_outside_of_the_shop_is_told(
    stripe: sdk.StripeClient, sandbox: Sandbox, shop: Receiver
) -> None:
    payment = sandbox.facts(buy(stripe, sandbox))["payments"][0]["id"]
    stripe.v1.payment_intents.capture(payment)
    facts = sandbox.control("POST", f"payments/{payment}", action="refund", amount=40)
    assert facts["refunded"] == 40
    sandbox.wait_until_events_arrived()
    assert "refund.created" in shop.kinds()
    (refund,) = stripe.v1.refunds.list({"payment_intent": payment}).data
    assert refund.metadata is not None
    assert refund.metadata.to_dict() == {}
