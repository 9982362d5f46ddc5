"""Handles the events that providers sent: each one makes its payment due now.

An event is a hint. What it says is not stored and not believed: the payment is fetched.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from bookings.payments.models import Payment, ProviderEvent
from bookings.payments.providers.base import ProviderUnknown
from bookmyshow.core.time import database_now

from .disputes import look_at_dispute
from .undecided_payments import claim_next, look_again_now, look_at

log = logging.getLogger(__name__)
BATCH = 100
#: Part of the kind of such an event, with every provider.
ABOUT_DISPUTE = ".dispute."
# A run asks about no other dispute after this many calls without an answer.
MOST_UNKNOWN = 3
#: Long enough to look into any complaint, and for the providers' own logs to be gone.
KEPT = timedelta(days=90)


def handle_events() -> int:
    """Handle the events that no task has handled; returns how many.

    Those about disputes come last, because each of them needs an answer of the provider. They wait
    for the next run after MOST_UNKNOWN calls without an answer. An event that can't be handled
    stops no other.
    """
    waiting = ProviderEvent.objects.filter(handled_at=None).order_by("received_at")
    disputes = Q(kind__contains=ABOUT_DISPUTE)
    handled = unknown = 0
    for event in [*waiting.exclude(disputes)[:BATCH], *waiting.filter(disputes)[:BATCH]]:
        try:
            handled += handle_event(event)
        except ProviderUnknown as error:
            log.warning("event %s waits: %s", event.pk, error)
            unknown += 1
            if unknown == MOST_UNKNOWN:
                break
        except Exception:
            # A fault of ours, for example a key that is missing.
            log.exception("event %s can't be handled", event.pk)
    return handled


def handle_event(event: ProviderEvent) -> bool:
    """Make the event's payment due now, and mark the event. False if another worker has done it.

    An event about a dispute is looked up at once. Raises ProviderUnknown; the event waits then.
    """
    if ABOUT_DISPUTE in event.kind:
        look_at_dispute(event.provider, event.object_reference)
    with transaction.atomic():
        unhandled = ProviderEvent.objects.select_for_update(skip_locked=True, of=("self",))
        current = unhandled.filter(pk=event.pk, handled_at=None).first()
        if current is None:
            return False
        payment = payment_of(current)
        current.payment = payment
        current.show_id = payment.show_id if payment else None
        current.handled_at = database_now()
        current.save(update_fields=["payment", "show", "handled_at"])
        if payment is not None:
            look_again_now(Q(pk=payment.pk, show=payment.show_id))
    return True


def handle_stored_event(provider_code: str, body_hash: str) -> None:
    """Handle one event now, and look at its payment. The task of the webhook calls it."""
    event = ProviderEvent.objects.filter(provider=provider_code, body_hash=body_hash).first()
    if event is None or event.handled_at is not None:
        return
    try:
        handle_event(event)
    except ProviderUnknown as error:
        log.warning("event %s waits: %s", event.pk, error)
        return
    event.refresh_from_db()
    if event.payment_id is not None and (payment := claim_next(event.payment_id)):
        look_at(payment)


def payment_of(event: ProviderEvent) -> Payment | None:
    """The payment that an event is about, by its uuid or the provider's ids. None if not ours."""
    name = event.object_reference
    if not name:
        return None
    ours = Payment.objects.filter(provider=event.provider)
    try:
        return ours.filter(uuid=UUID(name)).first()
    except ValueError:
        pass  # It is an id of the provider's.
    return ours.filter(Q(reference=name) | Q(charge=name)).first()


def forget_old_events() -> int:
    """Delete handled events that are older than KEPT; returns how many."""
    old = ProviderEvent.objects.filter(
        received_at__lt=database_now() - KEPT, handled_at__isnull=False
    )
    deleted, _ = old.delete()
    return deleted
