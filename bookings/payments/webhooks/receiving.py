"""Takes the providers' events: check the signature, store the event, commit. Nothing else.

The provider waits for the answer, and sends the event again without one. So no lock of a booking is
taken here, and no provider is called. A Celery task looks at the payment a moment later; without
Celery the reconciler finds the event (`bookings.payments.reconciling.reconciler`).
"""

import hashlib
import logging
from collections.abc import Mapping

from django.db import transaction

from bookings.payments.models import ProviderEvent
from bookings.payments.providers import provider
from bookings.payments.tasks import handle_payment_event
from bookmyshow.celery import send_at_once

log = logging.getLogger(__name__)


def receive(provider_code: str, headers: Mapping[str, str], body: bytes) -> None:
    """Store an event of a provider, once, and ask a worker to handle it.

    The database knows an event again by its id and by the hash of its body. Nothing of the body is
    stored but the event's kind and the id of the payment.
    Raises ForgedEvent, KeyError for an unknown provider.
    """
    event = provider(provider_code).read_event(headers, body)
    row = ProviderEvent(
        provider=provider_code,
        event_id=event.id[:255],
        body_hash=hashlib.sha256(body).hexdigest(),
        kind=event.kind[:100],
        object_reference=event.reference[:255],
        created_at=event.created_at,
    )
    with transaction.atomic():
        ProviderEvent.objects.bulk_create([row], ignore_conflicts=True)
    nudge(provider_code, row.body_hash)


def nudge(provider_code: str, body_hash: str) -> None:
    """Ask a worker to handle the event now. If that fails, the reconciler handles it soon."""
    try:
        send_at_once(handle_payment_event, provider_code, body_hash)
    except Exception as error:  # kombu, redis and sockets raise errors of different classes
        log.warning("broker unavailable (%s): the event waits", type(error).__name__)
