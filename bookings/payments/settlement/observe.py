"""Looks at a payment at its provider, and does what follows: the one function that moves money.

The buyer's return, a webhook and the reconciler all call `observe`. It may be called at any time,
any number of times at once: it moves a payment forward or leaves it.

Each call to a provider is made outside of transactions, and after the commit that announces it
(CAPTURE_DUE, VOID_DUE, CANCEL_DUE). A process that dies in between leaves a state from which the
next call continues.
"""

import logging

from django.db import transaction

from bookings.errors import ShowBusy
from bookings.payments import providers
from bookings.payments.locks import lock_payment
from bookings.payments.models import Payment
from bookings.payments.providers.base import (
    Provider,
    ProviderNotFound,
    ProviderRefused,
    ProviderUnknown,
    RemoteState,
)
from bookings.payments.states import PaymentState
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.time import database_now

from .case import Answer
from .decision import apply
from .next_look import NO_ANSWER, look_later, look_soon
from .opening import open_payment, payment_key

log = logging.getLogger(__name__)

# After a capture that is refused, what was reserved is released: two acts. More is a fault.
MOST_ACTS = 3


def observe(payment_id: int) -> Payment:
    """Ask the provider about a payment, and move it forward. Returns it as it is then.

    Makes no call for money that was taken at the counter. A provider that doesn't answer, and a
    lock that stays busy, change nothing: the reconciler looks again.
    """
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    if payment.provider not in providers.CODES:
        return payment
    if not payment.reference:
        return open_payment(payment_id)
    provider = providers.provider(payment.provider)
    try:
        return _observe(provider, payment)
    except ProviderNotFound:
        return _note_review(payment_id, f"{provider.name} doesn't know this payment.")
    except ProviderUnknown as error:
        log.warning("payment %s: %s does not answer: %s", payment_id, provider.name, error)
        return _note_unknown(payment_id)
    except ShowBusy:
        log.warning("payment %s: a lock stayed busy, so nothing is decided yet", payment_id)
        return Payment.objects.select_related("order").get(pk=payment_id)


def _observe(provider: Provider, payment: Payment) -> Payment:
    remote = provider.fetch(payment_key(payment))
    try:
        step = apply(payment.pk, Answer(remote, payment.updated_at))
    except ShowBusy:
        if remote.state is RemoteState.AUTHORISED:
            _note_authorised(payment.pk, remote.charge)
        raise
    for _ in range(MOST_ACTS):
        if not step.must_act:
            break
        step = apply(payment.pk, _act(provider, step.payment))
    return step.payment


def _act(provider: Provider, payment: Payment) -> Answer:
    """Do at the provider what the payment's state says; the payment is claimed for it."""
    key, as_of = payment_key(payment), payment.updated_at
    try:
        if payment.state != PaymentState.CAPTURE_DUE:
            return Answer(provider.cancel(key), as_of, acted=True)
        try:
            return Answer(provider.capture(key), as_of, acted=True)
        except ProviderRefused as error:
            log.warning("payment %s: capture refused: %s", payment.pk, error.code)
            return Answer(provider.fetch(key), as_of, acted=True, refused=error.code[:200])
    except ProviderUnknown:
        same = Payment.objects.filter(show=payment.show_id, pk=payment.pk)
        same.filter(claimed_until=payment.claimed_until).update(claimed_until=None)
        raise


def _note_authorised(payment_id: int, charge: str) -> None:
    """Show that money is reserved, although nothing could be decided (a lock was busy)."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        payment = lock_payment(payment_id)
        if payment.state in {PaymentState.OPEN, PaymentState.FAILED}:
            payment.move_to(PaymentState.AUTHORISED)
            payment.charge = charge
            payment.updated_at = database_now()
            look_soon(payment, payment.updated_at)
            payment.save()


def _note_unknown(payment_id: int) -> Payment:
    """The provider did not answer: nothing is known, so look again later."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        payment = lock_payment(payment_id)
        if payment.next_check_at is not None:
            payment.last_error = NO_ANSWER
            look_later(payment, database_now())
            payment.save(update_fields=["last_error", "next_check_at", "checks"])
    return payment


def _note_review(payment_id: int, why: str) -> Payment:
    """Write down why a person must look."""
    log.error("payment %s: %s", payment_id, why)
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        payment = lock_payment(payment_id)
        now = database_now()
        payment.review = why
        if payment.state in {PaymentState.OPEN, PaymentState.FAILED, PaymentState.AUTHORISED}:
            payment.move_to(PaymentState.REVIEW)
            payment.updated_at = now
        look_later(payment, now)
        payment.save()
    return payment
