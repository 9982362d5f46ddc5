"""Razorpay's entities, as plain dictionaries, in our own types. Makes no call."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from .base import (
    DisputeState,
    Event,
    ForgedEvent,
    PaymentKey,
    ProviderRefused,
    RefundState,
    Remote,
    RemoteDispute,
    RemoteRefund,
    RemoteState,
)

Entity = Mapping[str, Any]
THREE_DECIMALS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
STATES = {
    "created": RemoteState.PENDING,
    "authorized": RemoteState.AUTHORISED,
    "captured": RemoteState.CAPTURED,
    "failed": RemoteState.FAILED,
}
#: Which payment of an order counts, if a buyer made several.
RANKS = (
    RemoteState.CAPTURED,
    RemoteState.AUTHORISED,
    RemoteState.PENDING,
    RemoteState.FAILED,
    RemoteState.CANCELLED,
)
REFUND_STATES = {
    "pending": RefundState.PENDING,
    "processed": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
}
DISPUTE_STATES = {
    "open": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "closed": DisputeState.CLOSED,
}


def check_payable(amount: int, currency: str) -> None:
    """Raises ProviderRefused if Razorpay can't charge the amount exactly."""
    if currency in THREE_DECIMALS and amount % 10:
        raise ProviderRefused("amount_not_payable", f"{currency} needs a last digit of 0")


def remote_of(
    key: PaymentKey, payments: Sequence[Entity], refunds: tuple[RemoteRefund, ...] = ()
) -> Remote:
    """An order, by its payments: the one with money counts, then the one that we know.

    Other payments of the same order are never captured, and Razorpay gives them back.
    """
    if not payments:
        return Remote(RemoteState.OPEN, key.reference, key.amount, key.currency, uuid=key.uuid)

    def rank(payment: Entity) -> tuple[int, bool, int]:
        is_known = payment["id"] == key.charge
        return RANKS.index(_state_of(payment)), not is_known, payment["created_at"]

    return remote_of_payment(min(payments, key=rank), refunds)


def remote_of_payment(payment: Entity, refunds: tuple[RemoteRefund, ...] = ()) -> Remote:
    state = _state_of(payment)
    taken = state is RemoteState.CAPTURED
    return Remote(
        state=state,
        reference=payment.get("order_id") or "",
        amount=payment["amount"],
        currency=payment["currency"],
        charge=payment["id"],
        authorised=payment["amount"] if state is RemoteState.AUTHORISED else 0,
        captured=payment["amount"] if taken else 0,
        refunded=payment.get("amount_refunded") or 0 if taken else 0,
        uuid=our_uuid(payment, "payment"),
        created_at=datetime.fromtimestamp(payment["created_at"], UTC),
        decline_code=payment.get("error_reason") or payment.get("error_code") or "",
        refunds=refunds,
    )


def refund_of(refund: Entity) -> RemoteRefund:
    return RemoteRefund(
        reference=refund["id"],
        uuid=our_uuid(refund, "refund"),
        amount=refund["amount"],
        state=REFUND_STATES.get(refund["status"], RefundState.PENDING),
        created_at=datetime.fromtimestamp(refund["created_at"], UTC),
        failure_code="failed" if refund["status"] == "failed" else "",
    )


def dispute_of(dispute: Entity) -> RemoteDispute:
    due = dispute.get("respond_by")
    return RemoteDispute(
        reference=dispute["id"],
        charge=dispute["payment_id"],
        amount=dispute["amount"],
        currency=dispute["currency"],
        # An unknown state needs a person.
        state=DISPUTE_STATES.get(dispute["status"], DisputeState.NEEDS_RESPONSE),
        reason=dispute.get("reason_code") or "",
        created_at=datetime.fromtimestamp(dispute["created_at"], UTC),
        due_at=datetime.fromtimestamp(due, UTC) if due else None,
    )


def event_of(event: Entity, event_id: str, *, live: bool) -> Event:
    """An event whose signature was checked. Raises ForgedEvent if it has another form.

    Events don't say in which mode they were made: the two modes have different secrets.
    """
    try:
        created = event.get("created_at")
        return Event(
            id=event_id,
            kind=event["event"],
            reference=_subject({name: it["entity"] for name, it in event["payload"].items()}),
            created_at=datetime.fromtimestamp(created, UTC) if created else None,
            live=live,
        )
    except (KeyError, TypeError, AttributeError):
        raise ForgedEvent("signed, but not an event of Razorpay's") from None


def our_uuid(thing: Entity, name: str) -> UUID | None:
    """The uuid that we put into the notes under this name. Empty notes are a list."""
    notes = thing.get("notes")
    try:
        return UUID(notes[name]) if isinstance(notes, Mapping) else None
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def _subject(entities: Mapping[str, Entity]) -> str:
    if "dispute" in entities:
        return str(entities["dispute"]["id"])
    for entity in entities.values():
        if found := our_uuid(entity, "payment"):
            return str(found)
    if "payment" in entities:
        return str(entities["payment"].get("order_id") or entities["payment"]["id"])
    if "refund" in entities:
        return str(entities["refund"]["payment_id"])
    return str(entities["order"]["id"]) if "order" in entities else ""


def _state_of(payment: Entity) -> RemoteState:
    """`refunded` has two meanings: refunded by us, or given back because nobody captured it."""
    if payment["status"] == "refunded":
        return RemoteState.CAPTURED if payment.get("captured") else RemoteState.CANCELLED
    return STATES[payment["status"]]
