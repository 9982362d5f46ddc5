"""Razorpay's entities, as its API shows them. Only fields that a shop of this kind reads."""

from collections.abc import Iterable
from typing import Any

from ..models import Dispute, Event, Payment, Purchase, Refund

ACCOUNT = "acc_sandbox0000001"
PAYMENT_STATUS = {
    Payment.Status.WAITING: "created",
    Payment.Status.FAILED: "failed",
    Payment.Status.AUTHORISED: "authorized",
    Payment.Status.CAPTURED: "captured",
    Payment.Status.CANCELLED: "refunded",
    Payment.Status.RETURNED: "refunded",
}
REFUND_STATUS = {
    Refund.Status.PENDING: "pending",
    Refund.Status.SUCCEEDED: "processed",
    Refund.Status.FAILED: "failed",
}


def order(purchase: Purchase) -> dict[str, Any]:
    attempts = purchase.payments.count()
    paid = purchase.paid
    status = "paid" if paid else "attempted" if attempts else "created"
    return {
        "id": purchase.id,
        "entity": "order",
        "amount": purchase.amount,
        "amount_paid": paid,
        "amount_due": max(purchase.amount - paid, 0),
        "attempts": attempts,
        "created_at": purchase.created_at,
        "currency": purchase.currency,
        "notes": purchase.metadata or [],
        "offer_id": None,
        "receipt": purchase.reference or None,
        "status": status,
    }


def payment(paid: Payment) -> dict[str, Any]:
    returned = paid.status in {Payment.Status.RETURNED, Payment.Status.CANCELLED}
    refunded = paid.amount if returned else paid.refunded
    whole = refunded and refunded == (paid.captured or paid.amount)
    status = PAYMENT_STATUS[Payment.Status(paid.status)]
    if whole:
        status = "refunded"
    failed = paid.status == Payment.Status.FAILED
    return {
        "id": paid.id,
        "entity": "payment",
        "amount": paid.amount,
        "amount_refunded": refunded,
        "bank": None,
        "captured": paid.captured > 0,
        "card_id": None,
        "contact": None,
        "created_at": paid.created_at,
        "currency": paid.currency,
        "description": None,
        "email": paid.purchase.email or None,
        "error_code": "BAD_REQUEST_ERROR" if failed else None,
        "error_description": "Payment failed: the bank declined it." if failed else None,
        "error_reason": "payment_failed" if failed else None,
        "error_source": "bank" if failed else None,
        "error_step": "payment_authorization" if failed else None,
        "fee": None,
        "international": False,
        "invoice_id": None,
        "method": "netbanking" if paid.one_step else "upi",
        "notes": paid.purchase.payment_metadata or paid.purchase.metadata or [],
        "order_id": paid.purchase_id,
        "refund_status": "full" if whole else "partial" if refunded else None,
        "status": status,
        "tax": None,
        "vpa": None,
        "wallet": None,
    }


def refund(given: Refund) -> dict[str, Any]:
    return {
        "id": given.id,
        "entity": "refund",
        "acquirer_data": {},
        "amount": given.amount,
        "batch_id": None,
        "created_at": given.created_at,
        "currency": given.payment.currency,
        "notes": given.metadata or [],
        "payment_id": given.payment.id,
        "receipt": given.receipt or None,
        "speed_processed": "normal",
        "speed_requested": "normal",
        "status": REFUND_STATUS[Refund.Status(given.status)],
    }


def dispute(opened: Dispute) -> dict[str, Any]:
    lost = opened.status == Dispute.Status.LOST
    return {
        "id": opened.id,
        "entity": "dispute",
        "amount": opened.amount,
        "amount_deducted": opened.amount if lost else 0,
        "created_at": opened.created_at,
        "currency": opened.payment.currency,
        "payment_id": opened.payment.id,
        "phase": "chargeback",
        "reason_code": opened.reason,
        "respond_by": opened.due_at,
        "status": opened.status,
    }


def collection(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    shown = list(items)
    return {"entity": "collection", "count": len(shown), "items": shown}


def event_body(event: Event, shown: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "entity": "event",
        "account_id": ACCOUNT,
        "event": event.kind,
        "contains": list(shown),
        "payload": {name: {"entity": entity} for name, entity in shown.items()},
        "created_at": event.created_at,
    }
