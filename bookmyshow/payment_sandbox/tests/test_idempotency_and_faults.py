"""The idempotency table, and what goes wrong on demand."""

import threading
from contextlib import suppress
from typing import Any

import pytest
import stripe as sdk

from tests.support.provider_clients import Razorpay, stripe_client
from tests.support.sandbox import PATIENCE_SECONDS, Sandbox

VALUES: Any = {
    "mode": "payment",
    "client_reference_id": "BMO9",
    "payment_intent_data": {"capture_method": "manual"},
    "line_items": [
        {
            "price_data": {
                "currency": "inr",
                "unit_amount": 70_000,
                "product_data": {"name": "Two seats"},
            }
        }
    ],
    "success_url": "http://127.0.0.1:1/paid",
}


def key(name: str) -> Any:
    return {"idempotency_key": name}


def authorised(stripe: sdk.StripeClient, sandbox: Sandbox) -> str:
    """The id of a PaymentIntent that waits for its capture."""
    session = stripe.v1.checkout.sessions.create(VALUES)
    return str(sandbox.pay(session.id)["payments"][0]["id"])


def captured(stripe: sdk.StripeClient, sandbox: Sandbox) -> str:
    intent = authorised(stripe, sandbox)
    stripe.v1.payment_intents.capture(intent)
    return intent


def test_a_key_gives_the_first_answer_again_also_after_a_kill(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    first = stripe.v1.checkout.sessions.create(VALUES, key("one"))
    sandbox.kill()
    sandbox.start()
    again = stripe.v1.checkout.sessions.create(VALUES, key("one"))
    assert again.id == first.id
    assert len(sandbox.all_facts()) == 1


def test_a_key_with_other_parameters_is_refused(stripe: sdk.StripeClient) -> None:
    stripe.v1.checkout.sessions.create(VALUES, key("one"))
    with pytest.raises(sdk.IdempotencyError):
        stripe.v1.checkout.sessions.create(
            {**VALUES, "customer_email": "a@example.com"}, key("one")
        )


def test_a_key_that_is_in_use_is_a_conflict(stripe: sdk.StripeClient, sandbox: Sandbox) -> None:
    """Two calls with one key at the same time: one is answered, the other is 409."""
    sandbox.fault("slow", "create", when="before", seconds=120)

    def first() -> None:
        with suppress(sdk.APIConnectionError):
            stripe_client(sandbox).v1.checkout.sessions.create(VALUES, key("one"))

    thread = threading.Thread(target=first, daemon=True)
    thread.start()
    while not sandbox.control("GET", "ready")["in_progress"]:
        assert thread.is_alive()
    with pytest.raises(sdk.APIError, match="in-progress request") as refused:
        stripe.v1.checkout.sessions.create(VALUES, key("one"))
    assert refused.value.http_status == 409
    # After a restart the key is free: nothing was done for it.
    sandbox.kill()
    thread.join(PATIENCE_SECONDS)
    sandbox.start()
    assert stripe.v1.checkout.sessions.create(VALUES, key("one")).id


def test_a_500_is_replayed_although_the_change_was_made(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    intent = authorised(stripe, sandbox)
    sandbox.fault("error", "capture")
    for _ in range(2):
        with pytest.raises(sdk.APIError) as broken:
            stripe.v1.payment_intents.capture(intent, {}, key("one"))
        assert broken.value.http_status == 500
    assert stripe.v1.payment_intents.retrieve(intent).status == "succeeded"


def test_a_500_before_the_change_changes_nothing_and_is_replayed(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    intent = authorised(stripe, sandbox)
    sandbox.fault("error", "capture", when="before")
    for _ in range(2):
        with pytest.raises(sdk.APIError):
            stripe.v1.payment_intents.capture(intent, {}, key("one"))
    assert stripe.v1.payment_intents.retrieve(intent).status == "requires_capture"
    assert stripe.v1.payment_intents.capture(intent, {}, key("two")).status == "succeeded"


def test_an_answer_gets_lost_after_the_change(stripe: sdk.StripeClient, sandbox: Sandbox) -> None:
    intent = authorised(stripe, sandbox)
    sandbox.fault("drop", "capture")
    with pytest.raises(sdk.APIConnectionError):
        stripe.v1.payment_intents.capture(intent, {}, key("one"))
    assert sandbox.facts("BMO9")["captured"] == 70_000
    assert stripe.v1.payment_intents.capture(intent, {}, key("one")).status == "succeeded"


def test_an_unreachable_provider_does_nothing(stripe: sdk.StripeClient, sandbox: Sandbox) -> None:
    intent = authorised(stripe, sandbox)
    sandbox.fault("unreachable", times=-1)
    with pytest.raises(sdk.APIConnectionError):
        stripe.v1.payment_intents.capture(intent)
    sandbox.calm()
    assert sandbox.facts("BMO9")["captured"] == 0


def test_a_fault_meets_only_the_purchase_that_it_names(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    intent = authorised(stripe, sandbox)
    sandbox.fault("rate_limited", "capture", only="another", times=-1)
    assert stripe.v1.payment_intents.capture(intent).status == "succeeded"
    other = authorised(stripe, sandbox)
    sandbox.fault("rate_limited", "capture", only="BMO9")
    with pytest.raises(sdk.RateLimitError):
        stripe.v1.payment_intents.capture(other)


def test_a_refused_capture_ends_the_authorisation(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    intent = authorised(stripe, sandbox)
    sandbox.fault("refuse", "capture")
    with pytest.raises(sdk.CardError) as refused:
        stripe.v1.payment_intents.capture(intent)
    assert refused.value.code == "capture_charge_authorization_expired"
    assert sandbox.facts("BMO9")["authorised"] == 0


def test_a_refund_is_refused_while_the_balance_is_too_low(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    intent = captured(stripe, sandbox)
    sandbox.fault("refuse", "refund")
    with pytest.raises(sdk.InvalidRequestError) as refused:
        stripe.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "balance_insufficient"
    assert stripe.v1.refunds.create({"payment_intent": intent}).status == "succeeded"


def test_a_refund_waits_and_then_fails(stripe: sdk.StripeClient, sandbox: Sandbox) -> None:
    intent = captured(stripe, sandbox)
    sandbox.fault("refund_fails", seconds=3600)
    refund = stripe.v1.refunds.create({"payment_intent": intent})
    assert refund.status == "pending"
    assert sandbox.facts("BMO9")["refunds_pending"] == 70_000
    sandbox.let_time_pass(seconds=3601)
    found = stripe.v1.refunds.retrieve(refund.id)
    assert (found.status, found.failure_reason) == ("failed", "expired_or_canceled_card")
    # The money is there again, and may be sent another time.
    assert stripe.v1.refunds.create({"payment_intent": intent}).status == "succeeded"


def test_a_refund_that_had_succeeded_fails_weeks_later(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    refund = stripe.v1.refunds.create({"payment_intent": captured(stripe, sandbox)})
    facts = sandbox.control("POST", f"refunds/{refund.id}", failure="lost_or_stolen_card")
    assert facts["refunded"] == 0
    assert stripe.v1.refunds.retrieve(refund.id).failure_reason == "lost_or_stolen_card"


def test_another_amount_or_currency_is_paid(stripe: sdk.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault("wrong_amount", amount=100)
    sandbox.fault("wrong_currency", currency="USD")
    intent = stripe.v1.payment_intents.retrieve(authorised(stripe, sandbox))
    assert (intent.amount, intent.currency) == (100, "usd")


def test_an_unknown_fault_says_which_there_are(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="kind must be one of: drop"):
        sandbox.fault("explode")
    with pytest.raises(ValueError, match="operation of never must be one of: event"):
        sandbox.fault("never", "capture")


def test_razorpays_refunds_have_the_same_table(razorpay: Razorpay, sandbox: Sandbox) -> None:
    order = razorpay.post("orders", {"amount": 70_000, "currency": "INR"})
    payment = sandbox.pay(order["id"])["payments"][0]["id"]
    razorpay.post(f"payments/{payment}/capture", {"amount": 70_000, "currency": "INR"})
    asked = {"amount": 30_000}
    header = {"X_Refund_Idempotency": "a-key-of-ours"}
    first = razorpay.post(f"payments/{payment}/refund", asked, **header)
    assert razorpay.post(f"payments/{payment}/refund", asked, **header) == first
    other = razorpay.call("POST", f"payments/{payment}/refund", {"amount": 1}, **header)
    assert other.status_code == 400
    assert "Different request" in other.json()["error"]["description"]
