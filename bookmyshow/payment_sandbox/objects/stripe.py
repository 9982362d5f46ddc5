"""Stripe's objects, as its API shows them. Only fields that a shop of this kind reads."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from ..models import Dispute, Endpoint, Event, Payment, Purchase, Refund

Expand = Iterable[str]
PAYMENT_STATUS = {
    Payment.Status.WAITING: "requires_payment_method",
    Payment.Status.FAILED: "requires_payment_method",
    Payment.Status.AUTHORISED: "requires_capture",
    Payment.Status.CAPTURED: "succeeded",
    Payment.Status.CANCELLED: "canceled",
    Payment.Status.RETURNED: "canceled",
}
DISPUTE_STATUS = {Dispute.Status.OPEN: "needs_response"}


def below(expand: Expand, name: str) -> list[str]:
    """What is to be expanded inside the field `name`."""
    return [path.removeprefix(f"{name}.") for path in expand if path.startswith(f"{name}.")]


def linked(
    name: str, thing: Any, identity: str, show: Callable[[Any, Expand], Any], expand: Expand
) -> Any:
    """A link to another object: its id, or the object if it is to be expanded."""
    if not identity or thing is None:
        return None
    wanted = [path for path in expand if path == name or path.startswith(f"{name}.")]
    return show(thing, below(expand, name)) if wanted else identity


def session(purchase: Purchase, expand: Expand = (), *, base: str = "") -> dict[str, Any]:
    payment = purchase.payment
    is_open = purchase.status == Purchase.Status.OPEN
    paid = payment is not None and payment.status == Payment.Status.CAPTURED
    return {
        "id": purchase.id,
        "object": "checkout.session",
        "amount_subtotal": purchase.amount,
        "amount_total": purchase.amount,
        "cancel_url": purchase.cancel_url or None,
        "client_reference_id": purchase.reference or None,
        "created": purchase.created_at,
        "currency": purchase.currency.lower(),
        "customer_email": purchase.email or None,
        "expires_at": purchase.expires_at,
        "livemode": False,
        "metadata": purchase.metadata,
        "mode": "payment",
        "payment_intent": linked(
            "payment_intent", payment, payment.id if payment else "", intent, expand
        ),
        "payment_method_types": ["card"],
        # Money that is only authorised isn't paid.
        "payment_status": "paid" if paid else "unpaid",
        "status": purchase.status,
        "success_url": purchase.success_url or None,
        "ui_mode": "hosted",
        "url": f"{base}/pay/{purchase.id}" if is_open and base else None,
    }


def intent(payment: Payment, expand: Expand = ()) -> dict[str, Any]:
    authorised = payment.status == Payment.Status.AUTHORISED
    cancelled = payment.status in {Payment.Status.CANCELLED, Payment.Status.RETURNED}
    return {
        "id": payment.id,
        "object": "payment_intent",
        "amount": payment.amount,
        "amount_capturable": payment.amount if authorised else 0,
        "amount_received": payment.captured,
        "cancellation_reason": payment.cancel_reason or None if cancelled else None,
        "capture_method": "automatic" if payment.one_step else "manual",
        "client_secret": None,
        "created": payment.created_at,
        "currency": payment.currency.lower(),
        "last_payment_error": last_error(payment),
        "latest_charge": linked("latest_charge", payment, payment.charge_id, charge, expand),
        "livemode": False,
        "metadata": payment.purchase.payment_metadata,
        "payment_method_types": ["customer_balance" if payment.one_step else "card"],
        "status": PAYMENT_STATUS[Payment.Status(payment.status)],
    }


def last_error(payment: Payment) -> dict[str, Any] | None:
    if not payment.error:
        return None
    return {"type": "card_error", "message": "Your card was declined.", **payment.error}


def charge(payment: Payment, expand: Expand = ()) -> dict[str, Any]:
    arrived = payment.refunded
    shown = {
        "id": payment.charge_id,
        "object": "charge",
        "amount": payment.amount,
        "amount_captured": payment.captured,
        "amount_refunded": arrived,
        "captured": payment.status == Payment.Status.CAPTURED,
        "created": payment.created_at,
        "currency": payment.currency.lower(),
        "disputed": payment.disputes.exists(),
        "livemode": False,
        "metadata": payment.purchase.payment_metadata,
        "paid": True,
        "payment_intent": linked("payment_intent", payment, payment.id, intent, expand),
        "payment_method_details": method(payment),
        "refunded": payment.captured > 0 and arrived == payment.captured,
        "status": "succeeded",
    }
    if any(path == "refunds" or path.startswith("refunds.") for path in expand):
        shown["refunds"] = latest_refunds(payment)
    return shown


def method(payment: Payment) -> dict[str, Any]:
    if payment.one_step:
        return {"type": "customer_balance", "customer_balance": {}}
    authorised = payment.status == Payment.Status.AUTHORISED
    return {
        "type": "card",
        "card": {"capture_before": payment.capture_before if authorised else None},
    }


def latest_refunds(payment: Payment) -> dict[str, Any]:
    """The newest ten, as Stripe puts them into a charge."""
    newest = list(payment.refunds.order_by("-serial")[:11])
    return {
        "object": "list",
        "data": [refund(given) for given in newest[:10]],
        "has_more": len(newest) > 10,
        "url": f"/v1/charges/{payment.charge_id}/refunds",
    }


def refund(given: Refund, expand: Expand = ()) -> dict[str, Any]:
    payment = given.payment
    shown = {
        "id": given.id,
        "object": "refund",
        "amount": given.amount,
        "charge": linked("charge", payment, payment.charge_id, charge, expand),
        "created": given.created_at,
        "currency": payment.currency.lower(),
        "metadata": given.metadata,
        "payment_intent": linked("payment_intent", payment, payment.id, intent, expand),
        "reason": given.reason or None,
        "status": given.status,
    }
    if given.failure:
        shown["failure_reason"] = given.failure
    return shown


def dispute(opened: Dispute, expand: Expand = ()) -> dict[str, Any]:
    payment = opened.payment
    status = DISPUTE_STATUS.get(Dispute.Status(opened.status), opened.status)
    return {
        "id": opened.id,
        "object": "dispute",
        "amount": opened.amount,
        "charge": linked("charge", payment, payment.charge_id, charge, expand),
        "created": opened.created_at,
        "currency": payment.currency.lower(),
        "evidence_details": {"due_by": opened.due_at, "has_evidence": False, "past_due": False},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": linked("payment_intent", payment, payment.id, intent, expand),
        "reason": opened.reason,
        "status": status,
    }


def endpoint(known: Endpoint) -> dict[str, Any]:
    return {
        "id": known.id,
        "object": "webhook_endpoint",
        "api_version": None,
        "enabled_events": known.kinds,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": known.url,
    }


def event_body(event: Event, shown: dict[str, Any], version: str) -> dict[str, Any]:
    return {
        "id": event.id,
        "object": "event",
        "api_version": version,
        "created": event.created_at,
        "data": {"object": shown},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event.kind,
    }


def stored_event(event: Event) -> dict[str, Any]:
    """An event as it was sent."""
    body: dict[str, Any] = json.loads(event.body)
    return body
