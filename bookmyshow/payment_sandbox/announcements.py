"""Writes the events of a change, in each protocol's words, with the rows that send them."""

import json
import time
from collections.abc import Callable
from typing import Any

from . import faults
from .models import RAZORPAY, STRIPE, Delivery, Dispute, Endpoint, Event, Payment, Purchase, Refund
from .models import new_id as random_id
from .objects import razorpay, stripe

Thing = Purchase | Payment | Refund | Dispute
STRIPE_VERSION = "2025-09-30.clover"
# For each change: Stripe's kinds of events, each with the object that it carries.
STRIPE_EVENTS: dict[str, list[tuple[str, Callable[[Any], Any]]]] = {
    "authorised": [
        ("payment_intent.amount_capturable_updated", stripe.intent),
        ("charge.succeeded", stripe.charge),
        ("checkout.session.completed", lambda payment: stripe.session(payment.purchase)),
    ],
    "captured at once": [
        ("payment_intent.succeeded", stripe.intent),
        ("charge.succeeded", stripe.charge),
        ("checkout.session.completed", lambda payment: stripe.session(payment.purchase)),
    ],
    "declined": [("payment_intent.payment_failed", stripe.intent)],
    "captured": [
        ("charge.captured", stripe.charge),
        ("payment_intent.succeeded", stripe.intent),
    ],
    "cancelled": [("payment_intent.canceled", stripe.intent)],
    "expired": [("checkout.session.expired", stripe.session)],
    "refunded": [
        ("charge.refunded", lambda refund: stripe.charge(refund.payment)),
        ("refund.created", stripe.refund),
    ],
    "refund succeeded": [("refund.updated", stripe.refund)],
    "refund failed": [("refund.failed", stripe.refund)],
    "dispute opened": [("charge.dispute.created", stripe.dispute)],
    "dispute won": [("charge.dispute.closed", stripe.dispute)],
    "dispute lost": [("charge.dispute.closed", stripe.dispute)],
}
RAZORPAY_EVENTS: dict[str, list[str]] = {
    "authorised": ["payment.authorized"],
    "captured at once": ["payment.captured", "order.paid"],
    "declined": ["payment.failed"],
    "captured": ["payment.captured", "order.paid"],
    "cancelled": [],
    "returned": [],
    "expired": [],
    "refunded": ["refund.created"],
    "refund succeeded": ["refund.processed"],
    "refund failed": ["refund.failed"],
    "dispute opened": ["payment.dispute.created"],
    "dispute won": ["payment.dispute.won"],
    "dispute lost": ["payment.dispute.lost"],
}


def purchase_of(thing: Thing) -> Purchase:
    if isinstance(thing, Purchase):
        return thing
    return thing.purchase if isinstance(thing, Payment) else thing.payment.purchase


def announce(change: str, thing: Thing) -> None:
    """Write the events of a change in the caller's transaction."""
    purchase = purchase_of(thing)
    if purchase.dialect == STRIPE:
        for kind, show in STRIPE_EVENTS[change]:
            event = Event(id=random_id("evt_1", 23), dialect=STRIPE, kind=kind)
            event.created_at = int(time.time())
            body = stripe.event_body(event, show(thing), STRIPE_VERSION)
            write(event, body, purchase)
        return
    for kind in RAZORPAY_EVENTS[change]:
        event = Event(id=random_id("", 14), dialect=RAZORPAY, kind=kind)
        event.created_at = int(time.time())
        write(event, razorpay.event_body(event, carried(kind, thing)), purchase)


def carried(kind: str, thing: Thing) -> dict[str, dict[str, Any]]:
    """What an event of Razorpay carries: the payment, and what it is about."""
    payment = thing if isinstance(thing, Payment) else getattr(thing, "payment", None)
    assert payment is not None
    shown = {"payment": razorpay.payment(payment)}
    if kind == "order.paid":
        shown["order"] = razorpay.order(payment.purchase)
    if isinstance(thing, Refund):
        shown = {"refund": razorpay.refund(thing), **shown}
    if isinstance(thing, Dispute):
        shown["dispute"] = razorpay.dispute(thing)
    return shown


def write(event: Event, body: dict[str, Any], purchase: Purchase) -> None:
    """Store an event and, for each endpoint that wants it, when and how it is sent."""
    event.body = json.dumps(body)
    event.save()
    endpoints = [
        endpoint
        for endpoint in Endpoint.objects.filter(dialect=event.dialect)
        if endpoint.wants(event.kind)
    ]
    # A fault waits for an event that would be sent.
    wrong = faults.take("event", event.kind, *faults.names_of(purchase)) if endpoints else {}
    if "never" in wrong:
        return
    delay = float(wrong["late"].get("seconds", 5)) if "late" in wrong else 0.0
    signature = next((kind for kind in ("forged", "old") if kind in wrong), "")
    for endpoint in endpoints:
        for _ in range(2 if "twice" in wrong else 1):
            Delivery.objects.create(
                event=event,
                endpoint=endpoint,
                signature=signature,
                due_at=time.time() + delay,
                waits="reordered" in wrong,
            )
