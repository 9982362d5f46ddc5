"""Sends the refunds that are due to their providers, and looks up those whose end is not known.

A worker claims one refund in a short transaction, calls the provider outside of any transaction,
and writes down the answer in a second one. Any number of workers may run at once. If a worker is
killed in between, its claim ends, and the next one first asks the provider whether the refund was
made. So each refund is made once, and no answer is lost.

While the provider says that our balance is too low, its queue pauses. Every refund stays due.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from bookings.payments import providers
from bookings.payments.ledger import OPEN_DISPUTES
from bookings.payments.locks import lock_first, lock_payments, lock_refunds
from bookings.payments.models import Dispute, Refund
from bookings.payments.providers.base import (
    BalanceTooLow,
    PaymentKey,
    ProviderError,
    ProviderNotFound,
    ProviderRefused,
    ProviderUnknown,
    RefundKey,
    RemoteRefund,
)
from bookings.payments.states import RefundState
from bookmyshow.core.time import database_now

from .results import BALANCE_TOO_LOW, note_answer, note_failure, note_low_balance

log = logging.getLogger(__name__)

# Longer than CELERY_TASK_TIME_LIMIT, so that no claim ends while its worker runs.
CLAIM = timedelta(minutes=3)
# After this time a run starts no other refund; the next run continues. It is shorter than the time
# between two runs (settings.REFUND_SECONDS), so that a mass refund keeps one process of the workers
# busy, and not all: events of payments and sweeps are in the same queues.
RUN_SECONDS = 8
# A run ends after this many calls in a row without an answer.
MOST_UNKNOWN = 3
BALANCE_PAUSE = timedelta(minutes=15)
# Pauses after the first, second … call without an answer. The last one repeats.
PAUSES = [timedelta(minutes=minutes) for minutes in (0.5, 1, 2, 5, 15, 60)]


@dataclass(slots=True)
class Worked:
    """What one run did: refunds sent or ended, refused by the provider, and without an answer."""

    sent: int = 0
    failed: int = 0
    unknown: int = 0


def send_due(*, seconds: float = RUN_SECONDS) -> Worked:
    """Send the refunds that are due, for about `seconds`. Call it outside of transactions.

    It ends early when a provider does not answer; the refunds are tried again after a pause.
    """
    done = Worked()
    in_a_row = 0
    ends = time.monotonic() + seconds
    while in_a_row < MOST_UNKNOWN and time.monotonic() < ends:
        refund = claim_next()
        if refund is None:
            break
        known = _work_on(refund, done)
        in_a_row = 0 if known else in_a_row + 1
    if done.sent or done.failed or done.unknown:
        log.info("refunds: %s sent, %s failed, %s unknown", done.sent, done.failed, done.unknown)
    return done


def claim_next() -> Refund | None:
    """Claim the refund that waited longest, and count the try. None if none is due."""
    due = Refund.objects.to_send(at=Now())
    with transaction.atomic():
        locked = lock_first(_allowed(due), due=due.select_related("payment"))
        if locked is None:
            return None
        refund, now = locked
        refund.claimed_until = now + CLAIM
        refund.tries += 1
        refund.save(update_fields=["claimed_until", "tries"])
    return refund


def _allowed(refunds: QuerySet[Refund]) -> QuerySet[Refund]:
    """Without refunds that wait for the end of a dispute, or of the pause of their provider.

    One refund of any show says that its provider's queue pauses.
    """
    disputes = Dispute.objects.filter(
        show=OuterRef("show"), payment=OuterRef("payment"), state__in=OPEN_DISPUTES
    )
    paused = Refund.objects.filter(
        state=RefundState.DUE, failure_code=BALANCE_TOO_LOW, next_try_at__gt=Now()
    ).order_by()
    waits = Exists(disputes) | Q(payment__provider__in=paused.values("payment__provider"))
    return refunds.exclude(waits, state=RefundState.DUE)


def _work_on(refund: Refund, done: Worked) -> bool:
    """Call the provider for a claimed refund, and write down the answer. False if none came."""
    try:
        answer = _ask(refund)
    except ProviderUnknown as error:
        log.warning("refund %s: no answer: %s", refund.uuid, error)
        _put_off(refund, pause_after(refund.tries))
        done.unknown += 1
        return False
    except BalanceTooLow as error:
        log.error("refunds of %s pause: %s", refund.payment.provider, error)
        _write(refund, partial(note_low_balance, pause=BALANCE_PAUSE))
        done.failed += 1
        return True
    except ProviderError as error:
        log.error("refund %s was refused: %s", refund.uuid, error)
        _write(refund, partial(note_failure, code=_code(error)))
        done.failed += 1
        return True
    except Exception:
        # A fault of ours, for example a key that is missing. It must not stop the other refunds.
        log.exception("refund %s could not be sent", refund.uuid)
        _put_off(refund, pause_after(refund.tries))
        done.unknown += 1
        return False
    _write(refund, partial(note_answer, answer=answer))
    done.sent += 1
    return True


def _ask(refund: Refund) -> RemoteRefund:
    """Make the refund, or look it up if an earlier call may have made it."""
    provider = providers.provider(refund.payment.provider)
    key = refund_key(refund)
    if refund.state == RefundState.SENT or refund.tries > 1:
        try:
            return provider.fetch_refund(key)
        except ProviderNotFound:
            if refund.state == RefundState.SENT:
                raise ProviderUnknown("the provider has lost this refund") from None
    return provider.refund(key, refund.amount)


def refund_key(refund: Refund) -> RefundKey:
    payment = refund.payment
    return RefundKey(
        uuid=refund.uuid,
        payment=PaymentKey(
            uuid=payment.uuid,
            reference=payment.reference,
            charge=payment.charge,
            amount=payment.amount,
            currency=payment.currency,
        ),
        reference=refund.reference,
    )


def _code(error: ProviderError) -> str:
    return error.code[:200] if isinstance(error, ProviderRefused) else "payment-not-found"


def _write(refund: Refund, note: Callable[[Refund], object]) -> None:
    """Write down the answer with `note`, under the locks of the payment and the refund."""
    with transaction.atomic():
        lock_payments(refund.show_id, Q(pk=refund.payment_id))
        (current,) = lock_refunds(refund.show_id, Q(pk=refund.pk))
        note(current)


def _put_off(refund: Refund, pause: timedelta) -> None:
    """End the claim, and try again later. Nothing is written if another worker has it now."""
    Refund.objects.filter(pk=refund.pk, claimed_until=refund.claimed_until).update(
        claimed_until=None, next_try_at=database_now() + pause
    )


def pause_after(tries: int) -> timedelta:
    return PAUSES[min(tries, len(PAUSES)) - 1]
