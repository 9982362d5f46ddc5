import hashlib
import hmac
import json
from dataclasses import replace
from uuid import uuid4

import pytest

from bookings.payments.providers import razorpay_http
from bookings.payments.providers.base import ForgedEvent, Provider, ProviderUnknown, RemoteState
from bookings.payments.providers.razorpay import MANUAL_EXPIRY_MINUTES, Account, RazorpayProvider
from tests.support.sandbox import Sandbox

from .payments import EMAIL, new_payment, opened, reserved

TEST = RazorpayProvider("razorpay", Account("rzp_test_1", "key-secret", ("hook-new", "hook-old")))


def body(entities: dict[str, dict[str, object]], kind: str = "payment.authorized") -> bytes:
    payload = {name: {"entity": entity} for name, entity in entities.items()}
    return json.dumps(
        {"entity": "event", "event": kind, "payload": payload, "created_at": 1_790_000_000}
    ).encode()


def sign(text: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def headers(text: bytes, secret: str = "hook-new") -> dict[str, str]:
    return {"X-Razorpay-Signature": sign(text, secret), "X-Razorpay-Event-Id": "evt_1"}


def test_the_buyer_posts_a_form_to_the_hosted_page(razorpay: Provider, sandbox: Sandbox) -> None:
    new = new_payment()
    opened = razorpay.create(new)
    assert opened.url == f"{sandbox.url}/v1/checkout/embedded"
    assert opened.form is not None
    assert opened.form["order_id"] == opened.reference
    assert (opened.form["amount"], opened.form["currency"]) == ("70000", "INR")
    assert opened.form["cancel_url"] == new.cancel_url
    assert opened.form["callback_url"] == (
        f"http://localhost:8000/payments/razorpay/return/?payment={new.uuid}"
    )
    assert opened.form["prefill[email]"] == EMAIL


def test_a_repeat_finds_the_order_that_was_made(razorpay: Provider, sandbox: Sandbox) -> None:
    new = new_payment()
    first = razorpay.create(new)
    again = razorpay.create(replace(new, is_repeat=True))
    assert first.reference == again.reference
    assert len(sandbox.all_facts()) == 1


def test_a_failed_payment_may_become_authorised_later(razorpay: Provider, sandbox: Sandbox) -> None:
    key = opened(razorpay)
    sandbox.pay(key.reference, "decline")
    failed = razorpay.fetch(key)
    assert failed.state is RemoteState.FAILED
    assert failed.decline_code
    sandbox.control("POST", f"payments/{failed.charge}", action="authorise_late")
    assert razorpay.fetch(key).state is RemoteState.AUTHORISED


def test_the_payment_with_the_money_counts_among_several(
    razorpay: Provider, sandbox: Sandbox
) -> None:
    key = opened(razorpay)
    sandbox.pay(key.reference, "decline")
    known = razorpay.fetch(key).charge
    sandbox.pay(key.reference)
    found = razorpay.fetch(replace(key, charge=known))
    assert found.state is RemoteState.AUTHORISED
    assert found.charge != known


def test_a_reservation_that_nobody_takes_goes_back_by_itself(
    razorpay: Provider, sandbox: Sandbox
) -> None:
    key = reserved(razorpay, sandbox)
    assert razorpay.cancel(key).state is RemoteState.AUTHORISED
    sandbox.let_time_pass(seconds=MANUAL_EXPIRY_MINUTES * 60 + 1)
    remote = razorpay.cancel(key)
    assert (remote.state, remote.captured, remote.refunded) == (RemoteState.CANCELLED, 0, 0)


def test_a_slow_answer_is_unknown(
    razorpay: Provider, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = opened(razorpay)
    # Only for the next call: on a busy machine the first may take longer.
    monkeypatch.setattr(razorpay_http, "TIMEOUT_SECONDS", 0.2)
    sandbox.fault("slow", "*", seconds=20)
    with pytest.raises(ProviderUnknown, match="ReadTimeout"):
        razorpay.fetch(key)


def test_a_return_with_a_right_signature_names_its_order() -> None:
    fields = {
        "razorpay_order_id": "order_1",
        "razorpay_payment_id": "pay_1",
        "razorpay_signature": sign(b"order_1|pay_1", "key-secret"),
    }
    assert TEST.read_return(fields) == "order_1"
    for name in fields:
        with pytest.raises(ForgedEvent):
            TEST.read_return(fields | {name: "order_2"})
        with pytest.raises(ForgedEvent):
            TEST.read_return({key: value for key, value in fields.items() if key != name})


@pytest.mark.parametrize("secret", ["hook-new", "hook-old"])
def test_an_event_of_any_of_our_secrets_is_read(secret: str) -> None:
    uuid = uuid4()
    text = body({"payment": {"id": "pay_1", "notes": {"payment": str(uuid)}}})
    event = TEST.read_event(headers(text, secret), text)
    assert (event.id, event.kind, event.reference) == ("evt_1", "payment.authorized", str(uuid))


@pytest.mark.parametrize(
    ("entities", "reference"),
    [
        ({"payment": {"id": "pay_1", "order_id": "order_1", "notes": []}}, "order_1"),
        ({"payment": {"id": "pay_1", "order_id": None}}, "pay_1"),
        ({"refund": {"id": "rfnd_1", "payment_id": "pay_1", "notes": {}}}, "pay_1"),
        ({"order": {"id": "order_1"}, "payment": {"id": "p", "order_id": "order_1"}}, "order_1"),
        ({"payment": {"id": "pay_1"}, "dispute": {"id": "disp_1"}}, "disp_1"),
        ({"invoice": {"id": "inv_1"}}, ""),
    ],
)
def test_an_event_names_its_payment(entities: dict[str, dict[str, object]], reference: str) -> None:
    text = body(entities)
    assert TEST.read_event(headers(text), text).reference == reference


def test_forged_and_broken_events_are_refused() -> None:
    text = body({"order": {"id": "order_1"}})
    for wrong in ({}, {"X-Razorpay-Signature": "é"}, headers(text, "hook-of-somebody")):
        with pytest.raises(ForgedEvent):
            TEST.read_event(wrong, text)
    with pytest.raises(ForgedEvent):
        TEST.read_event(headers(text), text + b" ")
    for broken in (b"{}", b"[]", b"no JSON", b"\xff", b'{"event": "x", "payload": {"order": 1}}'):
        with pytest.raises(ForgedEvent):
            TEST.read_event(headers(broken), broken)


def test_without_a_secret_nothing_is_believed() -> None:
    text = body({"order": {"id": "order_1"}})
    naked = RazorpayProvider("razorpay", Account("rzp_test_1", "", ("",)))
    with pytest.raises(ForgedEvent):
        naked.read_event(headers(text, ""), text)
    with pytest.raises(ForgedEvent):
        naked.read_return({"razorpay_signature": sign(b"|", "")})
