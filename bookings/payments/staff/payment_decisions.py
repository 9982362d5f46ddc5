"""What staff decide about payments: compare one with the provider, close a review.

Nothing here calls the provider: the reconciler does, within seconds. The change and its line in the
audit log are one transaction.
"""

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from bookings.errors import ShowBusy
from bookings.payments.errors import NothingToReview
from bookings.payments.locks import lock_payments
from bookings.payments.models import Payment
from bookings.payments.refunds.writing import COUNTER
from bookings.payments.states import PaymentState
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now


def check_soon(payment: Payment, *, by: User, reason: str) -> Payment:
    """Let the reconciler compare the payment with the provider now.

    Raises NothingToReview (it was taken at the counter), ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        (current,) = lock_payments(payment.show_id, Q(pk=payment.pk))
        if current.provider == COUNTER:
            raise NothingToReview("This money was taken at the cinema; no provider knows of it.")
        now = database_now()
        Payment.objects.filter(show=current.show_id, pk=current.pk).update(
            next_check_at=now, checks=0
        )
        audit.record(by=by, about=current, what=f"To be compared with the provider ({reason}).")
    return current


def close_review(payment: Payment, *, by: User, reason: str) -> Payment:
    """Write down that a person has looked at the payment, and what they found.

    A payment in the state REVIEW is ended at the provider: what was reserved is
    released, and what was taken goes back. Raises NothingToReview, ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        (current,) = lock_payments(payment.show_id, Q(pk=payment.pk))
        if current.state != PaymentState.REVIEW and not current.review:
            raise NothingToReview
        now = database_now()
        if current.state == PaymentState.REVIEW:
            current.move_to(PaymentState.CANCEL_DUE)
            current.next_check_at, current.checks = now, 0
        why, current.review, current.updated_at = current.review, "", now
        current.save(update_fields=["state", "review", "next_check_at", "checks", "updated_at"])
        audit.record(by=by, about=current, what=f"Review closed: {reason}. It was about: {why}")
    return current
