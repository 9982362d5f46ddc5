"""Stripe's protocol, spoken by Stripe's own package."""

import time
from typing import Any

import pytest
import requests
import stripe as sdk

from tests.support.provider_clients import stripe_client
from tests.support.sandbox import Sandbox


def values(**more: Any) -> Any:
    """The parameters of a session of ₹700 that is captured by us."""
    lines = [line("Seat A1", 35_000), line("Seat A2", 35_000)]
    return {
        "mode": "payment",
        "client_reference_id": "BMO123",
        "metadata": {"payment": "our-uuid"},
        "payment_intent_data": {"capture_method": "manual", "metadata": {"payment": "our-uuid"}},
        "line_items": lines,
        "success_url": "http://127.0.0.1:1/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:1/back",
        **more,
    }


def line(name: str, amount: int, currency: str = "inr") -> dict[str, Any]:
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": name}}
    return {"price_data": price, "quantity": 1}


def authorised(stripe: sdk.StripeClient, sandbox: Sandbox) -> sdk.PaymentIntent:
    """A payment that a customer has made, and that isn't captured."""
    session = stripe.v1.checkout.sessions.create(values())
    sandbox.pay(session.id)
    found = stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert isinstance(found.payment_intent, sdk.PaymentIntent)
    return found.payment_intent


def captured(stripe: sdk.StripeClient, sandbox: Sandbox) -> sdk.PaymentIntent:
    return stripe.v1.payment_intents.capture(authorised(stripe, sandbox).id)


def test_a_session_is_open_until_somebody_pays_and_then_waits_for_the_capture(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    session = stripe.v1.checkout.sessions.create(values())
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_total, session.currency) == (70_000, "inr")
    assert session.payment_intent is None
    assert session.url == f"{sandbox.url}/pay/{session.id}"
    sandbox.pay(session.id)
    found = stripe.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.refunds"]}
    )
    assert (found.status, found.payment_status, found.url) == ("complete", "unpaid", None)
    intent = found.payment_intent
    assert isinstance(intent, sdk.PaymentIntent)
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 70_000)
    assert intent.metadata.to_dict() == {"payment": "our-uuid"}
    assert stripe.v1.payment_intents.capture(intent.id).amount_received == 70_000
    assert sandbox.facts("BMO123")["captured"] == 70_000
    assert stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_declined_payment_leaves_the_session_open_with_the_reason(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    session = stripe.v1.checkout.sessions.create(values())
    first = sandbox.pay(session.id, "decline")
    found = stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert found.status == "open"
    intent = found.payment_intent
    assert isinstance(intent, sdk.PaymentIntent)
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error
    assert intent.last_payment_error.decline_code == "insufficient_funds"
    # The next try belongs to the same PaymentIntent.
    assert sandbox.pay(session.id)["payments"][0]["id"] == first["payments"][0]["id"]


def test_a_bank_transfer_is_taken_at_once(stripe: sdk.StripeClient, sandbox: Sandbox) -> None:
    session = stripe.v1.checkout.sessions.create(values())
    sandbox.pay(session.id, "bank")
    found = stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert isinstance(found.payment_intent, sdk.PaymentIntent)
    assert (found.payment_status, found.payment_intent.status) == ("paid", "succeeded")


def test_an_expired_session_cant_be_paid_and_a_paid_one_cant_be_expired(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    session = stripe.v1.checkout.sessions.create(values())
    assert stripe.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(ValueError, match="expired"):
        sandbox.pay(session.id)
    paid = stripe.v1.checkout.sessions.create(values())
    sandbox.pay(paid.id)
    with pytest.raises(sdk.InvalidRequestError, match="status of complete"):
        stripe.v1.checkout.sessions.expire(paid.id)


def test_a_session_expires_by_itself(stripe: sdk.StripeClient, sandbox: Sandbox) -> None:
    at = int(time.time()) + 45 * 60
    session = stripe.v1.checkout.sessions.create(values(expires_at=at))
    sandbox.let_time_pass(seconds=44 * 60)
    assert stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
    sandbox.let_time_pass(seconds=46 * 60)
    assert stripe.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_a_session_lives_for_thirty_minutes_at_least(stripe: sdk.StripeClient) -> None:
    with pytest.raises(sdk.InvalidRequestError, match="30 minutes"):
        stripe.v1.checkout.sessions.create(values(expires_at=int(time.time()) + 60))


def test_a_cancelled_authorisation_is_given_back_once(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    intent = authorised(stripe, sandbox)
    assert stripe.v1.payment_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(sdk.InvalidRequestError) as refused:
        stripe.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    facts = sandbox.facts("BMO123")
    assert (facts["authorised"], facts["captured"]) == (0, 0)


def test_an_authorisation_that_nobody_captures_ends_after_seven_days(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    intent = authorised(stripe, sandbox)
    sandbox.let_time_pass(seconds=8 * 86_400)
    found = stripe.v1.payment_intents.retrieve(intent.id)
    assert (found.status, found.cancellation_reason) == ("canceled", "automatic")


def test_refunds_never_exceed_what_was_captured(stripe: sdk.StripeClient, sandbox: Sandbox) -> None:
    intent = captured(stripe, sandbox)
    first = stripe.v1.refunds.create({"payment_intent": intent.id, "amount": 50_000})
    assert first.status == "succeeded"
    with pytest.raises(sdk.InvalidRequestError):
        stripe.v1.refunds.create({"payment_intent": intent.id, "amount": 20_001})
    rest = stripe.v1.refunds.create({"payment_intent": intent.id})
    assert rest.amount == 20_000
    with pytest.raises(sdk.InvalidRequestError) as refused:
        stripe.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    assert sandbox.facts("BMO123")["refunded"] == 70_000
    listed = stripe.v1.refunds.list({"payment_intent": intent.id})
    assert [refund.id for refund in listed.data] == [rest.id, first.id]


def test_a_dispute_is_listed_until_it_is_won_or_lost(
    stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    intent = captured(stripe, sandbox)
    sandbox.control("POST", f"payments/{intent.id}", action="dispute")
    (dispute,) = stripe.v1.disputes.list({"payment_intent": intent.id}).data
    assert (dispute.status, dispute.amount) == ("needs_response", 70_000)
    sandbox.control("POST", f"disputes/{dispute.id}", won=False)
    assert stripe.v1.disputes.retrieve(dispute.id).status == "lost"


@pytest.mark.parametrize(("currency", "amount"), [("jpy", 1_800), ("kwd", 3_250)])
def test_amounts_are_in_the_currencys_minor_unit(
    stripe: sdk.StripeClient, sandbox: Sandbox, currency: str, amount: int
) -> None:
    session = stripe.v1.checkout.sessions.create(
        values(line_items=[line("Seat A1", amount, currency)])
    )
    assert session.amount_total == amount
    page = requests.get(str(session.url), timeout=60).text
    assert {"jpy": "¥1,800", "kwd": "KWD 3.250"}[currency] in page


def test_three_decimals_end_with_a_zero(stripe: sdk.StripeClient) -> None:
    with pytest.raises(sdk.InvalidRequestError, match="must end with 0"):
        stripe.v1.checkout.sessions.create(values(line_items=[line("A1", 3_255, "kwd")]))


def test_a_list_has_pages_newest_first(stripe: sdk.StripeClient) -> None:
    made = [stripe.v1.checkout.sessions.create(values()).id for _ in range(3)]
    page = stripe.v1.checkout.sessions.list({"limit": 2})
    assert page.has_more
    everything = [session.id for session in page.auto_paging_iter()]
    assert sorted(everything) == sorted(made)
    now = int(time.time())
    assert stripe.v1.payment_intents.list({"created": {"gte": now + 60}}).data == []


def test_keys_are_checked_and_live_keys_are_refused(sandbox: Sandbox) -> None:
    for key, words in (("sk_live_51Q", "looks like a live key"), ("sk_test_other", "Invalid API")):
        with pytest.raises(sdk.AuthenticationError, match=words):
            stripe_client(sandbox, key).v1.balance.retrieve()


def test_what_doctor_asks_is_answered(stripe: sdk.StripeClient, sandbox: Sandbox) -> None:
    sandbox.send_events_to("http://127.0.0.1:1")
    (endpoint,) = stripe.v1.webhook_endpoints.list().data
    assert endpoint.url == "http://127.0.0.1:1/payments/sandbox/events/"
    assert "refund.failed" in endpoint.enabled_events
    assert not stripe.v1.balance.retrieve().livemode


def test_what_it_does_not_know_is_a_clear_error(stripe: sdk.StripeClient) -> None:
    with pytest.raises(sdk.InvalidRequestError, match="knows what the shop uses"):
        stripe.v1.customers.list()
    with pytest.raises(sdk.InvalidRequestError) as refused:
        stripe.v1.refunds.retrieve("re_none")
    assert (refused.value.code, refused.value.http_status) == ("resource_missing", 404)
    with pytest.raises(sdk.InvalidRequestError, match="A value can't be read"):
        stripe.v1.payment_intents.list({"created": {"gte": "yesterday"}})  # type: ignore[arg-type]
    with pytest.raises(sdk.InvalidRequestError) as missing:
        stripe.v1.checkout.sessions.create(values(line_items=[]))
    assert missing.value.param == "line_items"
