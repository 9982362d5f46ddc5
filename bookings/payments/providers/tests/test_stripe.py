import json
import time
from dataclasses import replace
from uuid import uuid4

import pytest
import stripe as sdk

from bookings.payments import providers
from bookings.payments.providers import stripe as module
from bookings.payments.providers.base import ForgedEvent, Line, Provider, ProviderUnknown
from bookings.payments.providers.stripe import Account, StripeProvider, webhook_problems
from bookings.payments.providers.stripe_objects import from_stripe, to_stripe
from tests.support.sandbox import Sandbox

from .payments import captured, new_payment, opened, refund_of, reserved

LIVE = StripeProvider("stripe", Account("sk_live_1", ("whsec_new", "whsec_old")))
TEST = StripeProvider("stripe", Account("sk_test_1", ("whsec_new", "whsec_old")))


def body(
    subject: dict[str, object] | None = None,
    *,
    live: bool = False,
    kind: str = "checkout.session.completed",
) -> str:
    thing = {"id": "cs_1", "metadata": {}} | (subject or {})
    return json.dumps(
        {"id": "evt_1", "type": kind, "created": 1_790_000_000, "livemode": live}
        | {"object": "event", "data": {"object": thing}}
    )


def signed(text: str, secret: str = "whsec_new", *, seconds_ago: int = 0) -> dict[str, str]:
    at = int(time.time()) - seconds_ago
    made = sdk.WebhookSignature.generate_signature_header(text, secret, at)
    return {"Stripe-Signature": made}


def test_an_order_goes_to_stripe_line_by_line(stripe: Provider, sandbox: Sandbox) -> None:
    lines = (Line("Dune, row A", 60_000, 2), Line("Booking fee", 10_000))
    key = opened(stripe, replace(new_payment(70_000), lines=lines))
    facts = sandbox.facts(key.reference)
    assert (facts["amount"], facts["reference"]) == (70_000, "BMO0123456789AB")
    assert facts["metadata"] == {"payment": str(key.uuid), "order": "BMO0123456789AB"}


def test_lines_that_stripe_cannot_show_become_one(stripe: Provider, sandbox: Sandbox) -> None:
    lines = (Line("Seat A1", 80_000), Line("Discount", -10_000))
    key = opened(stripe, replace(new_payment(70_000), lines=lines))
    assert sandbox.facts(key.reference)["amount"] == 70_000


def test_a_unit_price_that_cannot_be_charged_becomes_one_line(
    stripe: Provider, sandbox: Sandbox
) -> None:
    """Two seats of 1.505 dinars: the sum can be charged, one seat can't."""
    lines = (Line("Seats", 3_010, 2),)
    key = opened(stripe, replace(new_payment(3_010, "KWD"), lines=lines))
    assert sandbox.facts(key.reference)["amount"] == 3_010


def test_a_repeat_opens_one_session_only(stripe: Provider, sandbox: Sandbox) -> None:
    new = new_payment()
    assert stripe.create(new) == stripe.create(new)
    assert len(sandbox.all_facts()) == 1


def test_a_declined_buyer_can_try_again_on_the_page(stripe: Provider, sandbox: Sandbox) -> None:
    key = opened(stripe)
    sandbox.pay(key.reference, "decline")
    remote = stripe.fetch(key)
    assert remote.state == "open"
    assert remote.decline_code
    sandbox.pay(key.reference)
    assert stripe.fetch(key).state == "authorised"


def test_cancelling_gives_a_reservation_free_at_once(stripe: Provider, sandbox: Sandbox) -> None:
    key = reserved(stripe, sandbox)
    remote = stripe.cancel(key)
    assert (remote.state, remote.authorised, remote.captured) == ("cancelled", 0, 0)
    assert sandbox.facts(key.reference)["authorised"] == 0


def test_more_refunds_than_a_page_are_all_seen(stripe: Provider, sandbox: Sandbox) -> None:
    key = captured(stripe, sandbox)
    for _ in range(12):
        stripe.refund(refund_of(key), 100)
    remote = stripe.fetch(key)
    assert (len(remote.refunds), remote.refunded) == (12, 1_200)


def test_a_slow_answer_is_unknown(
    stripe: Provider, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = opened(stripe)
    # Only for a new client: on a busy machine the first call may take longer.
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)
    providers._made.cache_clear()
    sandbox.fault("slow", "fetch", seconds=20)
    with pytest.raises(ProviderUnknown, match="APIConnectionError"):
        providers.provider("sandbox").fetch(key)


def test_calls_end_after_five_seconds_and_are_never_repeated_by_the_package() -> None:
    client = TEST._api._requestor._get_http_client()
    assert client._timeout == 5  # type: ignore[attr-defined]
    assert TEST._api._requestor._options.max_network_retries == 0


@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_an_event_of_any_of_our_secrets_is_read(secret: str) -> None:
    uuid = uuid4()
    text = body({"metadata": {"payment": str(uuid)}})
    event = TEST.read_event(signed(text, secret), text.encode())
    assert (event.id, event.kind) == ("evt_1", "checkout.session.completed")
    assert event.reference == str(uuid)


@pytest.mark.parametrize(
    ("kind", "subject", "reference"),
    [
        ("checkout.session.expired", {}, "cs_1"),
        ("charge.refunded", {"payment_intent": "pi_1"}, "pi_1"),
        ("refund.failed", {"payment_intent": {"id": "pi_1"}}, "pi_1"),
        ("charge.dispute.created", {"id": "du_1", "payment_intent": "pi_1"}, "du_1"),
        ("customer.created", {}, ""),
    ],
)
def test_an_event_names_its_payment(kind: str, subject: dict[str, object], reference: str) -> None:
    text = body(subject, kind=kind)
    assert TEST.read_event(signed(text), text.encode()).reference == reference


def test_forged_old_foreign_and_broken_events_are_refused() -> None:
    text = body()
    for headers in ({}, {"Stripe-Signature": "nonsense"}, signed(text, "whsec_of_somebody")):
        with pytest.raises(ForgedEvent):
            TEST.read_event(headers, text.encode())
    with pytest.raises(ForgedEvent):
        TEST.read_event(signed(text, seconds_ago=301), text.encode())
    with pytest.raises(ForgedEvent):
        TEST.read_event(signed(text), text.encode() + b" ")
    with pytest.raises(ForgedEvent):
        TEST.read_event(signed(text), b"\xff")
    for broken in ("{}", "[]", "no JSON"):
        with pytest.raises(ForgedEvent):
            TEST.read_event(signed(broken), broken.encode())


@pytest.mark.parametrize(("provider", "live"), [(LIVE, False), (TEST, True)])
def test_an_event_of_the_other_mode_is_refused(provider: StripeProvider, live: bool) -> None:
    text = body(live=live)
    with pytest.raises(ForgedEvent, match="mode"):
        provider.read_event(signed(text), text.encode())


def test_without_a_secret_no_event_is_believed() -> None:
    text = body()
    for secrets in ((), ("",)):
        with pytest.raises(ForgedEvent):
            StripeProvider("stripe", Account("sk_test_1", secrets)).read_event(
                signed(text, ""), text.encode()
            )


def test_the_icelandic_krona_is_counted_with_two_decimals_by_stripe() -> None:
    assert to_stripe(1_500, "ISK") == 150_000
    assert from_stripe(150_000, "ISK") == 1_500
    assert to_stripe(1_500, "JPY") == from_stripe(1_500, "JPY") == 1_500


def test_doctor_hears_of_a_missing_endpoint_and_of_missing_events() -> None:
    url = "https://tickets.example/payments/stripe/events/"
    assert "sends no events" in webhook_problems([], url)[0]
    endpoint = {"url": url, "status": "enabled", "enabled_events": ["refund.failed"]}
    assert "checkout.session.completed" in webhook_problems([endpoint], url)[0]
    assert webhook_problems([endpoint | {"enabled_events": ["*"]}], url) == []
    assert webhook_problems([endpoint | {"status": "disabled"}], url)
