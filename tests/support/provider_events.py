"""Events as the providers send them, signed with the sandbox's secrets."""

import hashlib
import hmac
import json
import time
from typing import Any

import stripe
from django.test import Client

from bookings.payments.models import Payment
from bookings.payments.providers import sandbox_keys

SECRET = sandbox_keys.WEBHOOK_SECRET


def stripe_event(
    payment: Payment, kind: str = "checkout.session.completed", *, event_id: str = "evt_1"
) -> str:
    """The body of an event about a payment, with a person's and a card's data in it."""
    subject = {
        "id": payment.reference,
        "metadata": {"payment": str(payment.uuid)},
        "customer_details": {"email": "asha.rao@example.com"},
        "payment_method_details": {"card": {"last4": "4242", "fingerprint": "Xt5EWLLDS7FJjR1c"}},
    }
    return json.dumps(
        {
            "id": event_id,
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": subject},
        }
    )


def razorpay_event(payment: Payment, kind: str = "payment.authorized") -> str:
    subject = {"id": "pay_1", "order_id": payment.reference, "email": "asha.rao@example.com"}
    return json.dumps(
        {"entity": "event", "event": kind, "payload": {"payment": {"entity": subject}}}
    )


def post_stripe(body: str, *, secret: str = SECRET, seconds_ago: int = 0) -> Any:
    """Send a body to the site, signed as Stripe does it. Returns the answer."""
    at = int(time.time()) - seconds_ago
    signature = stripe.WebhookSignature.generate_signature_header(body, secret, at)
    return Client().post(
        "/payments/sandbox/events/",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature},
    )


def post_razorpay(body: str, *, secret: str = SECRET, event_id: str = "evt_1") -> Any:
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return Client().post(
        "/payments/sandbox-razorpay/events/",
        body,
        content_type="application/json",
        headers={"X-Razorpay-Signature": signature, "X-Razorpay-Event-Id": event_id},
    )
