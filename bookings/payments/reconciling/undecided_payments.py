"""Looks at payments that are undecided, again and again, until they are settled.

A worker claims one payment in a short transaction, and looks at it outside of any transaction
(`observe`). To claim it, the worker plans the next look for CLAIM later; when its own look ends, it
writes the real plan. So no two workers have the same payment, and after a `kill -9` another worker
looks soon. Looking twice does no harm, because `observe` asks the provider and moves forward only.

A payment that stays undecided is looked at after growing pauses (`next_look.PAUSES`), the last ones
once a day for a week. Then a person must look.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from bookings.payments import providers
from bookings.payments.locks import lock_first, lock_payments
from bookings.payments.models import Payment
from bookings.payments.providers.base import ProviderError
from bookings.payments.refunds.results import note_remote_refunds
from bookings.payments.settlement.next_look import NO_ANSWER, PAUSES
from bookings.payments.settlement.observe import observe
from bookings.payments.settlement.opening import payment_key
from bookings.payments.states import PaymentState
from bookmyshow.core.time import database_now

log = logging.getLogger(__name__)

# Longer than the calls of one look take. A look that takes longer is only repeated.
CLAIM = timedelta(minutes=1)
# For this long after a payment's last change, pauses stay short while the provider is down.
OUTAGE = timedelta(days=1)
LONGEST_IN_OUTAGE = timedelta(minutes=15)
#: In these states nothing is left to do. Money that arrives later is told by an event, and found by
#: the daily comparison.
SETTLED = (
    PaymentState.CAPTURED,
    PaymentState.CANCELLED,
    PaymentState.VOIDED,
    PaymentState.REVIEW,
)


def claim_next(payment_id: int | None = None) -> Payment | None:
    """Claim the payment that waited longest, or this one if it is due. None if none is due.

    The look is counted now, so that a payment at which workers die does not stop the others.
    """
    due = Payment.objects.to_check(at=Now())
    if payment_id is not None:
        due = due.filter(pk=payment_id)
    with transaction.atomic():
        locked = lock_first(due, due=due)
        if locked is None:
            return None
        payment, now = locked
        payment.next_check_at = now + CLAIM
        payment.checks = min(payment.checks + 1, len(PAUSES))
        payment.save(update_fields=["next_check_at", "checks"])
    return payment


def look_at(payment: Payment) -> bool:
    """Look at a claimed payment, and plan the next look. False if the provider gave no answer.

    Raises nothing, because an error of one payment must not stop the others.
    """
    is_done, known = False, True
    try:
        if payment.state == PaymentState.CAPTURED:
            is_done = known = look_at_refunds(payment)
        else:
            known = observe(payment.pk).last_error != NO_ANSWER
    except Exception:
        # A fault of ours, for example a key that is missing.
        log.exception("payment %s can't be looked at", payment.uuid)
    _plan_next(payment, is_done=is_done, known=known)
    return known


def look_at_refunds(payment: Payment) -> bool:
    """Write down what the provider knows about the refunds of a payment that was taken.

    Somebody may have made some at the provider, and a bank may have sent one back. False without an
    answer.
    """
    try:
        remote = providers.provider(payment.provider).fetch(payment_key(payment))
    except ProviderError as error:
        log.warning("payment %s: its refunds are not known: %s", payment.uuid, error)
        return False
    with transaction.atomic():
        (current,) = lock_payments(payment.show_id, Q(pk=payment.pk))
        note_remote_refunds(current, remote.refunds)
    return True


def _plan_next(payment: Payment, *, is_done: bool, known: bool) -> None:
    """Plan the next look of a claimed payment, unless the look has done it (a change of state).

    An event that came meanwhile wants another look, and has written its own time. On the first day
    a look without an answer does not lengthen the pause beyond LONGEST_IN_OUTAGE, so that all is
    settled soon after an outage.
    """
    with transaction.atomic():
        still = Q(pk=payment.pk, next_check_at=payment.next_check_at)
        for current in lock_payments(payment.show_id, still):
            now = database_now()
            if not known and current.updated_at > now - OUTAGE:
                current.checks = min(current.checks, PAUSES.index(LONGEST_IN_OUTAGE))
            is_last = current.checks >= len(PAUSES)
            current.next_check_at = None if is_done or is_last else now + PAUSES[current.checks]
            if is_last and current.state not in SETTLED:
                _give_to_staff(current)
            current.save(update_fields=["next_check_at", "checks", "state", "review"])


def _give_to_staff(payment: Payment) -> None:
    """After a week of looking nobody knows, so a person must look."""
    log.error("payment %s is undecided after %s looks", payment.uuid, payment.checks)
    payment.review = payment.review or (
        f"Undecided after a week ({payment.get_state_display()}). Look at it at the provider."
    )
    payment.move_to(PaymentState.REVIEW)


def look_again_now(which: Q) -> int:
    """Make these payments due now, whatever their state; returns how many. The pauses start again.

    A payment that a worker is looking at right now is looked at once more.
    """
    return Payment.objects.filter(which).update(next_check_at=database_now(), checks=0)
