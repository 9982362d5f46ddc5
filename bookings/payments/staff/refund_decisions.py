"""What staff decide about refunds: give money back, try again, settle by hand.

Each decision and its line in the audit log are one transaction. Nothing here calls a provider: the
queue does (refunds/queue.py).
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from bookings.errors import ShowBusy
from bookings.payments.errors import RefundNotDue, RefundNotFailed, RefundNotManual, RefundTooLarge
from bookings.payments.ledger import lock_ledgers
from bookings.payments.locks import lock_payments, lock_refunds
from bookings.payments.models import Order, Refund
from bookings.payments.refunds.results import retry_of
from bookings.payments.refunds.writing import Part, write_refunds
from bookings.payments.states import RefundState
from bookmyshow.core.currencies import from_minor
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now


def refund_order(
    *, by: User, order: Order, reason: str, lines: Sequence[Part] | None = None
) -> list[Refund]:
    """Give back all that is left of an order, or parts of its lines. The booking stays as it is.

    Raises NothingToRefund, RefundTooLarge, PaymentDisputed, ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        refunds = write_refunds(
            order=order, source=Refund.Source.STAFF, reason=reason, by=by, lines=lines
        )
        for refund in refunds:
            audit.record(by=by, about=refund, what=f"To be given back: {_what(refund)} ({reason}).")
    return refunds


def retry(refund: Refund, *, by: User, reason: str = "", by_hand: bool = False) -> Refund:
    """Write a new refund in place of one that failed.

    With `by_hand` a person hands the money back, and the provider is not asked. Raises
    RefundNotFailed (also if it was tried again already), RefundTooLarge (less is left by now),
    ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        (ledger,) = lock_ledgers(refund.show_id, Q(pk=refund.payment.order_id))
        (failed,) = lock_refunds(refund.show_id, Q(pk=refund.pk))
        is_tried = Refund.objects.filter(show=failed.show_id, retry_of=failed).exists()
        if failed.state != RefundState.FAILED or is_tried:
            raise RefundNotFailed
        if not ledger.has_room_for(failed):
            raise RefundTooLarge
        again = retry_of(failed)
        if by_hand:
            again.state, again.next_try_at = RefundState.MANUAL, None
        again.save()
        way = "to be handed back by a person" if by_hand else "to be sent again"
        audit.record(
            by=by, about=again, what=f"After a failed refund, {way}: {_what(again)} ({reason})."
        )
    return again


def settle_manually(refund: Refund, *, by: User, reason: str = "") -> Refund:
    """Write down that `by` handed this money back. Raises RefundNotManual, ShowBusy."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        lock_payments(refund.show_id, Q(pk=refund.payment_id))
        (owed,) = lock_refunds(refund.show_id, Q(pk=refund.pk))
        if owed.state != RefundState.MANUAL:
            raise RefundNotManual
        now = database_now()
        owed.state, owed.handed_back_by = RefundState.SUCCEEDED, by
        owed.sent_at = owed.ended_at = now
        owed.save(update_fields=["state", "handed_back_by", "sent_at", "ended_at"])
        audit.record(by=by, about=owed, what=f"Handed back: {_what(owed)} ({reason}).")
    return owed


def send_now(refund: Refund, *, by: User, reason: str = "") -> Refund:
    """End the pause of a refund that is due, for example after the balance was filled up.

    The queue of its provider goes on. Raises RefundNotDue, ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        (waiting,) = lock_refunds(refund.show_id, Q(pk=refund.pk))
        if waiting.state != RefundState.DUE:
            raise RefundNotDue
        waiting.next_try_at = database_now()
        waiting.save(update_fields=["next_try_at"])
        audit.record(by=by, about=waiting, what=f"To be sent now: {_what(waiting)} ({reason}).")
    return waiting


def _what(refund: Refund) -> str:
    order = refund.payment.order
    return f"{from_minor(refund.amount, order.currency)} {order.currency}, {order.reference}"
