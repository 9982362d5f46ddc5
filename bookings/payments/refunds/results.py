"""Writes down what a provider says about refunds. A refund's state only moves forward.

The callers are the queue of refunds, and the settlement of a payment after a webhook, a check or
the daily comparison. They have locked the payment and its refunds. The time is the database's.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from bookings.messages.kinds import Kind
from bookings.messages.services import write_about_money
from bookings.payments.locks import lock_refunds
from bookings.payments.models import Payment, Refund
from bookings.payments.providers.base import RefundState as RemoteState
from bookings.payments.providers.base import RemoteRefund
from bookings.payments.states import OrderState, RefundState, may_become
from bookmyshow.core.currencies import from_minor
from bookmyshow.core.time import database_now

log = logging.getLogger(__name__)

STATES = {
    RemoteState.PENDING: RefundState.SENT,
    RemoteState.SUCCEEDED: RefundState.SUCCEEDED,
    RemoteState.FAILED: RefundState.FAILED,
}
#: `Refund.failure_code`: our balance at the provider was too low. It is tried again by itself.
BALANCE_TOO_LOW = "balance-too-low"
#: `Refund.failure_code`: somebody gave the money back at the provider meanwhile.
MADE_ELSEWHERE = "made-at-the-provider"
#: `Refund.failure_code`: the bank took the money back meanwhile.
CHARGED_BACK = "charged-back"
#: Who is told by mail when the money is sent. For money that came late or twice, another mail said
#: so at once (settlement/).
TOLD = (Refund.Source.CUSTOMER, Refund.Source.STAFF, Refund.Source.SHOW)
#: So long after a mail that said that the money goes back, another one would say nothing new.
JUST_TOLD = timedelta(minutes=10)
MOST_CODE = 200


def note_answer(refund: Refund, answer: RemoteRefund) -> None:
    """Write down what the provider says about a locked refund. News that is older is left out."""
    state = STATES[answer.state]
    now = database_now()
    if state == refund.state or not may_become(RefundState(refund.state), state):
        if refund.state == RefundState.SENT:
            _save(refund, next_try_at=_next_look(refund, now))
        return
    sent_before = refund.sent_at
    ended = state != RefundState.SENT
    _save(
        refund,
        state=state,
        reference=refund.reference or answer.reference,
        sent_at=refund.sent_at or (None if state == RefundState.FAILED else now),
        ended_at=now if ended else None,
        next_try_at=None if ended else now + timedelta(minutes=1),
        failure_code=answer.failure_code[:MOST_CODE] if state == RefundState.FAILED else "",
    )
    if state == RefundState.FAILED:
        log.error("refund %s failed: %s", refund.uuid, answer.failure_code)
    elif refund.source in TOLD:
        _tell(refund, sent_before=sent_before, now=now)


def note_failure(refund: Refund, *, code: str) -> None:
    """Write down that the provider refused a locked refund. Staff find it in their list."""
    if may_become(RefundState(refund.state), RefundState.FAILED):
        now = database_now()
        _save(
            refund,
            state=RefundState.FAILED,
            ended_at=now,
            next_try_at=None,
            failure_code=code[:MOST_CODE],
        )


def note_low_balance(refund: Refund, *, pause: timedelta) -> None:
    """Write down that our balance was too low, and a new refund to try after the pause.

    A new one, because the provider would repeat its answer for the key of the old one. Until then
    the queue of this provider pauses (`refund_queue._due`).
    """
    if refund.state != RefundState.DUE:
        return
    note_failure(refund, code=BALANCE_TOO_LOW)
    again = retry_of(refund)
    again.failure_code = BALANCE_TOO_LOW
    again.next_try_at = database_now() + pause
    again.save()


def retry_of(refund: Refund) -> Refund:
    """A new refund in place of one that failed, not saved yet."""
    return Refund(
        show_id=refund.show_id,
        payment_id=refund.payment_id,
        amount=refund.amount,
        source=refund.source,
        reason=refund.reason,
        lines=refund.lines,
        by_id=refund.by_id,
        retry_of=refund,
        next_try_at=database_now(),
    )


def note_remote_refunds(payment: Payment, remotes: Iterable[RemoteRefund]) -> None:
    """Write down all refunds of a locked payment that the provider knows.

    One that we didn't make becomes a refund with the source EXTERNAL. If there is no room for it
    beside ours that are only DUE, those fail: the money went back already.
    """
    ours = lock_refunds(payment.show_id, Q(payment=payment))
    by_uuid = {refund.uuid: refund for refund in ours}
    by_reference = {refund.reference: refund for refund in ours if refund.reference}
    for remote in remotes:
        known = by_uuid.get(remote.uuid) if remote.uuid else None
        known = known or by_reference.get(remote.reference)
        if known is not None:
            note_answer(known, remote)
        elif remote.state != RemoteState.FAILED:
            _note_external(payment, ours, remote)


def note_charged_back(payment: Payment, *, reference: str, amount: int) -> None:
    """Write down, once, that a bank took a locked payment back (a lost dispute)."""
    ours = lock_refunds(payment.show_id, Q(payment=payment))
    if any(refund.reference == reference for refund in ours):
        return
    taken_back = min(amount, payment.captured)
    if _has_room(payment, ours, taken_back, code=CHARGED_BACK):
        now = database_now()
        Refund.objects.create(
            show_id=payment.show_id,
            payment=payment,
            amount=taken_back,
            state=RefundState.SUCCEEDED,
            source=Refund.Source.DISPUTE,
            reason="The buyer's bank took it back.",
            reference=reference,
            sent_at=now,
            ended_at=now,
        )


def _note_external(payment: Payment, ours: list[Refund], remote: RemoteRefund) -> None:
    if not _has_room(payment, ours, remote.amount, code=MADE_ELSEWHERE):
        return
    now = database_now()
    ended = remote.state == RemoteState.SUCCEEDED
    ours.append(
        Refund.objects.create(
            show_id=payment.show_id,
            payment=payment,
            amount=remote.amount,
            state=STATES[remote.state],
            source=Refund.Source.EXTERNAL,
            reason="Made at the provider, not here.",
            reference=remote.reference,
            next_try_at=None if ended else now + timedelta(minutes=1),
            sent_at=remote.created_at,
            ended_at=now if ended else None,
        )
    )


def _has_room(payment: Payment, ours: list[Refund], amount: int, *, code: str) -> bool:
    """Whether `amount` more may be given back. To make room, refunds that are only DUE fail.

    Where they were more than `amount`, the rest is still owed: a new refund is DUE for it. Without
    room a person must look at the payment.
    """
    room = payment.captured - sum(r.amount for r in ours if r.state != RefundState.FAILED)
    for refund in reversed(ours):
        if room < amount and refund.state == RefundState.DUE:
            note_failure(refund, code=code)
            room += refund.amount
            if refund.amount > amount and room >= amount:
                rest = retry_of(refund)
                rest.amount, rest.lines = refund.amount - amount, []
                rest.save()
    if room < amount:
        log.error("payment %s: more was given back than was taken", payment.uuid)
        Payment.objects.filter(show=payment.show_id, pk=payment.pk).update(
            review="More was given back than was taken: compare it with the provider's list."
        )
    return room >= amount


def _next_look(refund: Refund, now: datetime) -> datetime:
    """When to ask again about a refund on its way: soon while it is young, then daily."""
    age = now - (refund.sent_at or now)
    for young, pause in (
        (timedelta(minutes=10), timedelta(minutes=1)),
        (timedelta(hours=1), timedelta(minutes=10)),
        (timedelta(days=1), timedelta(hours=1)),
    ):
        if age < young:
            return now + pause
    return now + timedelta(days=1)


def _save(refund: Refund, **values: object) -> None:
    """Write these columns, and end the claim."""
    for name, value in (values | {"claimed_until": None}).items():
        setattr(refund, name, value)
    refund.save(update_fields=[*values, "claimed_until"])


def _tell(refund: Refund, *, sent_before: datetime | None, now: datetime) -> None:
    """Write the mail that the money is on its way, or that it was given back.

    Not if a mail said moments ago that it goes back: the one about the cancellation, or that it is
    on its way.
    """
    order = refund.payment.order
    told_at = sent_before
    if told_at is None and order.state == OrderState.CANCELLED and refund.retry_of_id is None:
        told_at = refund.created_at
    if told_at is not None and now - told_at < JUST_TOLD:
        return
    is_done = refund.state == RefundState.SUCCEEDED
    write_about_money(
        kind=Kind.REFUNDED if is_done else Kind.REFUND_ON_ITS_WAY,
        event=refund.uuid,
        user_id=order.user_id,
        show_id=order.show_id,
        booking_id=order.booking_id,
        detail={
            "references": [order.booking_reference],
            "seats": order.seats,
            "amount": str(from_minor(refund.amount, order.currency)),
            "money": {"currency": order.currency, "back": refund.amount},
        },
    )
