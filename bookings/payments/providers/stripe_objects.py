"""Stripe's objects, as plain dictionaries, in our own types. Makes no call.

Amounts: Stripe counts in the currency's minor unit too, with exceptions ("Supported currencies" in
docs.stripe.com): ISK and UGX have no minor unit, but are counted as if they had two decimals; of
currencies with three decimals only multiples of ten are accepted.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from .base import (
    DisputeState,
    Event,
    ForgedEvent,
    ProviderRefused,
    RefundState,
    Remote,
    RemoteDispute,
    RemoteRefund,
    RemoteState,
)

Object = Mapping[str, Any]
COUNTED_WITH_TWO_DECIMALS = {"ISK", "UGX"}
THREE_DECIMALS = {"BHD", "JOD", "KWD", "OMR", "TND"}

REFUND_STATES = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
DISPUTE_STATES = {
    "warning_needs_response": DisputeState.NEEDS_RESPONSE,
    "needs_response": DisputeState.NEEDS_RESPONSE,
    "warning_under_review": DisputeState.UNDER_REVIEW,
    "under_review": DisputeState.UNDER_REVIEW,
    "warning_closed": DisputeState.CLOSED,
    "prevented": DisputeState.CLOSED,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}


def to_stripe(amount: int, currency: str) -> int:
    """Stripe's number for an amount. Raises ProviderRefused if Stripe can't charge it exactly."""
    if not is_payable(amount, currency):
        raise ProviderRefused("amount_not_payable", f"{currency} needs a last digit of 0")
    return amount * 100 if currency in COUNTED_WITH_TWO_DECIMALS else amount


def is_payable(amount: int, currency: str) -> bool:
    return currency not in THREE_DECIMALS or amount % 10 == 0


def from_stripe(number: int, currency: str) -> int:
    return number // 100 if currency in COUNTED_WITH_TWO_DECIMALS else number


def remote_of_session(session: Object) -> Remote:
    """A Checkout Session with its PaymentIntent and charge expanded."""
    intent = session.get("payment_intent")
    if isinstance(intent, Mapping) and _has_been_tried(intent, session):
        return remote_of_intent(intent, session)
    currency = str(session["currency"]).upper()
    return Remote(
        state=RemoteState.CANCELLED if session["status"] == "expired" else RemoteState.OPEN,
        reference=session["id"],
        amount=from_stripe(session["amount_total"], currency),
        currency=currency,
        uuid=our_uuid(session, "payment"),
        created_at=_moment(session.get("created")),
        decline_code=_decline_code(intent) if isinstance(intent, Mapping) else "",
    )


def remote_of_intent(intent: Object, session: Object | None = None) -> Remote:
    """A PaymentIntent with its charge expanded; the session where it is known."""
    currency = str(intent["currency"]).upper()
    found = intent.get("latest_charge")
    charge: Object = found if isinstance(found, Mapping) else {}
    state = _state_of(intent["status"])
    refunds = charge.get("refunds") or {}
    return Remote(
        state=state,
        reference=session["id"] if session else "",
        amount=from_stripe(intent["amount"], currency),
        currency=currency,
        charge=intent["id"],
        authorised=from_stripe(
            intent.get("amount_capturable", 0) if state is RemoteState.AUTHORISED else 0, currency
        ),
        captured=from_stripe(intent.get("amount_received") or 0, currency),
        # Stripe counts what it released of a reservation as refunded; nothing was taken then.
        refunded=from_stripe(charge.get("amount_refunded") or 0, currency)
        if state is RemoteState.CAPTURED
        else 0,
        one_step=intent.get("capture_method") != "manual",
        uuid=our_uuid(intent, "payment"),
        capture_before=_capture_before(charge),
        created_at=_moment(intent.get("created")),
        decline_code=_decline_code(intent),
        refunds=tuple(refund_of(refund) for refund in refunds.get("data", ()))
        if state is RemoteState.CAPTURED
        else (),
        disputed=bool(charge.get("disputed")),
    )


def refund_of(refund: Object) -> RemoteRefund:
    return RemoteRefund(
        reference=refund["id"],
        uuid=our_uuid(refund, "refund"),
        amount=from_stripe(refund["amount"], str(refund["currency"]).upper()),
        state=REFUND_STATES.get(refund["status"] or "", RefundState.PENDING),
        created_at=datetime.fromtimestamp(refund["created"], UTC),
        failure_code=refund.get("failure_reason") or "",
    )


def dispute_of(dispute: Object) -> RemoteDispute:
    currency = str(dispute["currency"]).upper()
    details = dispute.get("evidence_details") or {}
    return RemoteDispute(
        reference=dispute["id"],
        charge=id_of(dispute.get("payment_intent")),
        amount=from_stripe(dispute["amount"], currency),
        currency=currency,
        # An unknown state needs a person.
        state=DISPUTE_STATES.get(dispute["status"], DisputeState.NEEDS_RESPONSE),
        reason=dispute.get("reason") or "",
        created_at=datetime.fromtimestamp(dispute["created"], UTC),
        due_at=_moment(details.get("due_by")),
    )


def event_of(event: Object) -> Event:
    """An event whose signature was checked. Raises ForgedEvent if it has another form."""
    try:
        subject = event["data"]["object"]
        return Event(
            id=event["id"],
            kind=event["type"],
            reference=_subject(event["type"], subject),
            created_at=_moment(event.get("created")),
            live=bool(event["livemode"]),
        )
    except (KeyError, TypeError, AttributeError):
        raise ForgedEvent("signed, but not an event of Stripe's") from None


def our_uuid(thing: Object, name: str) -> UUID | None:
    """The uuid that we put into the metadata under this name."""
    try:
        return UUID((thing.get("metadata") or {})[name])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def id_of(thing: object) -> str:
    """The id of an object that is expanded or not."""
    if isinstance(thing, Mapping):
        return str(thing["id"])
    return str(thing or "")


def _subject(kind: str, subject: Object) -> str:
    if kind.startswith("charge.dispute."):
        return str(subject["id"])
    if found := our_uuid(subject, "payment"):
        return str(found)
    if kind.startswith(("charge.", "refund.")):
        return id_of(subject.get("payment_intent"))
    if kind.startswith(("checkout.session.", "payment_intent.")):
        return str(subject["id"])
    return ""


def _state_of(status: str) -> RemoteState:
    """Of a PaymentIntent. While the buyer still has to act, the payment is open."""
    return {
        "requires_capture": RemoteState.AUTHORISED,
        "succeeded": RemoteState.CAPTURED,
        "canceled": RemoteState.CANCELLED,
        "processing": RemoteState.PENDING,
    }.get(status, RemoteState.OPEN)


def _has_been_tried(intent: Object, session: Object) -> bool:
    """Whether the intent, rather than the session, says what is true.

    An expired session can't be paid any more, though its intent still waits for a card.
    """
    return _state_of(intent["status"]) is not RemoteState.OPEN or session["status"] == "complete"


def _capture_before(charge: Object) -> datetime | None:
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    return _moment(card.get("capture_before"))


def _decline_code(intent: Object) -> str:
    error = intent.get("last_payment_error") or {}
    return str(error.get("decline_code") or error.get("code") or "")


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
