"""Razorpay's protocol: JSON over HTTP, and the form that opens its checkout."""

import hashlib
import hmac
import re

import requests

from tests.support.provider_clients import RAZORPAY_KEYS, Razorpay
from tests.support.sandbox import PATIENCE_SECONDS, Sandbox

ORDER = {
    "amount": 70_000,
    "currency": "INR",
    "receipt": "our-uuid",
    "notes": {"payment": "our-uuid"},
    "payment": {"capture": "manual", "capture_options": {"manual_expiry_period": 60}},
}


def authorised(razorpay: Razorpay, sandbox: Sandbox) -> tuple[str, str]:
    """An order that was paid and not captured, and its payment."""
    order = str(razorpay.post("orders", ORDER)["id"])
    return order, str(sandbox.pay(order)["payments"][0]["id"])


def capture(razorpay: Razorpay, payment: str) -> None:
    razorpay.post(f"payments/{payment}/capture", {"amount": 70_000, "currency": "INR"})


def test_an_order_is_paid_when_its_payment_was_captured(
    razorpay: Razorpay, sandbox: Sandbox
) -> None:
    order, payment = authorised(razorpay, sandbox)
    found = razorpay.get(f"payments/{payment}")
    assert (found["status"], found["captured"], found["order_id"]) == ("authorized", False, order)
    assert razorpay.get(f"orders/{order}")["status"] == "attempted"
    capture(razorpay, payment)
    assert razorpay.get(f"orders/{order}/payments")["items"][0]["status"] == "captured"
    assert razorpay.get(f"orders/{order}")["status"] == "paid"
    again = razorpay.call(
        "POST", f"payments/{payment}/capture", {"amount": 70_000, "currency": "INR"}
    )
    assert again.status_code == 400
    assert "already been captured" in again.json()["error"]["description"]


def test_another_amount_cant_be_captured(razorpay: Razorpay, sandbox: Sandbox) -> None:
    _, payment = authorised(razorpay, sandbox)
    refused = razorpay.call("POST", f"payments/{payment}/capture", {"amount": 1, "currency": "INR"})
    assert refused.status_code == 400
    assert sandbox.all_facts()[0]["captured"] == 0


def test_a_failed_payment_is_authorised_days_later(razorpay: Razorpay, sandbox: Sandbox) -> None:
    order = razorpay.post("orders", ORDER)["id"]
    sandbox.pay(order, "later", seconds=2 * 86_400)
    (failed,) = razorpay.get(f"orders/{order}/payments")["items"]
    assert failed["status"] == "failed"
    sandbox.let_time_pass(seconds=3 * 86_400)
    assert razorpay.get(f"payments/{failed['id']}")["status"] == "authorized"


def test_each_try_is_a_payment_of_its_own(razorpay: Razorpay, sandbox: Sandbox) -> None:
    order = razorpay.post("orders", ORDER)["id"]
    sandbox.pay(order, "decline")
    sandbox.pay(order)
    payments = razorpay.get(f"orders/{order}/payments")["items"]
    assert [payment["status"] for payment in payments] == ["authorized", "failed"]


def test_what_nobody_captures_is_given_back_after_the_orders_time(
    razorpay: Razorpay, sandbox: Sandbox
) -> None:
    _, payment = authorised(razorpay, sandbox)
    sandbox.let_time_pass(seconds=59 * 60)
    assert razorpay.get(f"payments/{payment}")["status"] == "authorized"
    sandbox.let_time_pass(seconds=61 * 60)
    found = razorpay.get(f"payments/{payment}")
    assert (found["status"], found["captured"]) == ("refunded", False)


def test_a_refund_keeps_its_notes_and_is_found_with_its_payment(
    razorpay: Razorpay, sandbox: Sandbox
) -> None:
    _, payment = authorised(razorpay, sandbox)
    early = razorpay.call("POST", f"payments/{payment}/refund", {"amount": 1})
    assert early.status_code == 400
    capture(razorpay, payment)
    asked = {"amount": 30_000, "receipt": "r-1", "notes": {"refund": "our-refund"}}
    refund = razorpay.post(f"payments/{payment}/refund", asked)
    assert (refund["status"], refund["notes"]) == ("processed", {"refund": "our-refund"})
    assert razorpay.get(f"payments/{payment}/refunds")["items"] == [refund]
    assert razorpay.get(f"refunds/{refund['id']}") == refund
    found = razorpay.get(f"payments/{payment}")
    assert (found["amount_refunded"], found["refund_status"]) == (30_000, "partial")


def test_an_order_is_found_by_its_receipt(razorpay: Razorpay) -> None:
    order = razorpay.post("orders", ORDER)
    assert razorpay.get("orders?receipt=our-uuid")["items"] == [order]
    assert razorpay.get("orders?receipt=another")["items"] == []


def test_the_checkout_is_opened_by_a_form_and_returns_by_a_signed_one(
    razorpay: Razorpay, sandbox: Sandbox
) -> None:
    order = razorpay.post("orders", ORDER)["id"]
    form = {
        "key_id": RAZORPAY_KEYS[0],
        "order_id": order,
        "description": "Dune, two seats",
        "callback_url": "http://127.0.0.1:1/payments/razorpay/return/?payment=our-uuid",
        "cancel_url": "http://127.0.0.1:1/back",
        "notes[payment]": "our-uuid",
    }
    address = f"{sandbox.url}/v1/checkout/embedded"
    page = requests.post(address, data=form, timeout=PATIENCE_SECONDS)
    assert "Dune, two seats" in page.text
    assert "₹700.00" in page.text
    done = requests.post(page.url, data={"outcome": "pay"}, timeout=PATIENCE_SECONDS)
    found = dict(re.findall(r'name="(razorpay_\w+)" value="([^"]+)"', done.text))
    assert 'action="http://127.0.0.1:1/payments/razorpay/return/?payment=our-uuid"' in done.text
    text = f"{found['razorpay_order_id']}|{found['razorpay_payment_id']}".encode()
    expected = hmac.new(RAZORPAY_KEYS[1].encode(), text, hashlib.sha256).hexdigest()
    assert found["razorpay_signature"] == expected
    assert found["razorpay_order_id"] == order


def test_bad_calls_are_clear_errors(razorpay: Razorpay, sandbox: Sandbox) -> None:
    for body, field in (
        ({"amount": 700.5, "currency": "INR"}, "amount"),
        ({"amount": 700, "currency": "inr"}, "currency"),
        ({"amount": 3_255, "currency": "KWD"}, "amount"),
    ):
        refused = razorpay.call("POST", "orders", body)
        assert (refused.status_code, refused.json()["error"]["field"]) == (400, field)
    missing = razorpay.call("GET", "payments/pay_none")
    assert (missing.status_code, missing.json()["error"]["code"]) == (400, "BAD_REQUEST_ERROR")
    razorpay.keys = ("rzp_live_abc", "secret")
    assert razorpay.call("GET", "orders").status_code == 401
    razorpay.keys = (RAZORPAY_KEYS[0], "wrong")
    assert razorpay.call("GET", "refunds").status_code == 401
