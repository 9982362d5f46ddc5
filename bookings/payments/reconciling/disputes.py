"""Disputes (chargebacks): a buyer's bank asks for the money back.

While a dispute is open, nothing of its payment is refunded (`ledger.OPEN_DISPUTES`), because the
buyer would get the money twice. Staff answer it at the provider, until `due_at`. Money of a lost
one is gone: a refund with the source DISPUTE says so in our books.
"""

import logging

from django.db import transaction
from django.db.models import Q

from bookings.payments.locks import lock_payment
from bookings.payments.models import Dispute, Payment
from bookings.payments.providers import provider
from bookings.payments.providers.base import DisputeState, ProviderNotFound, RemoteDispute
from bookings.payments.refunds.results import note_charged_back
from bookmyshow.core.time import database_now

log = logging.getLogger(__name__)
ENDED = (DisputeState.WON, DisputeState.LOST, DisputeState.CLOSED)


def look_at_dispute(provider_code: str, reference: str) -> Dispute | None:
    """Ask the provider about a dispute, and write down what it says. Raises ProviderUnknown."""
    try:
        remote = provider(provider_code).fetch_dispute(reference)
    except ProviderNotFound:
        log.error("the dispute %s of an event is not known by %s", reference, provider_code)
        return None
    return note_dispute(provider_code, remote)


def note_dispute(provider_code: str, remote: RemoteDispute) -> Dispute | None:
    """Write down a dispute, under the payment's lock. None if the payment is not ours."""
    with transaction.atomic():
        of_charge = Payment.objects.filter(~Q(charge=""), charge=remote.charge)
        found = of_charge.filter(provider=provider_code).values_list("pk", flat=True).first()
        if found is None:
            log.error(
                "the dispute %s of %s is about no known payment", remote.reference, provider_code
            )
            return None
        payment = lock_payment(found)
        now = database_now()
        known = Dispute.objects.filter(
            show=payment.show_id, provider=provider_code, reference=remote.reference
        ).first()
        dispute = known or Dispute(provider=provider_code, reference=remote.reference)
        was = dispute.state if known else ""
        dispute.payment, dispute.show_id = payment, payment.show_id
        dispute.amount, dispute.currency = remote.amount, remote.currency
        dispute.state = remote.state.value
        dispute.reason = remote.reason[:100]
        dispute.due_at = remote.due_at
        dispute.created_at = remote.created_at
        ended = remote.state in ENDED
        dispute.closed_at = (dispute.closed_at or now) if ended else None
        dispute.save()
        if remote.state is DisputeState.LOST and was != DisputeState.LOST:
            note_charged_back(payment, reference=remote.reference, amount=remote.amount)
    if was != dispute.state:
        log.log(
            logging.INFO if ended else logging.ERROR,
            "payment %s is disputed (%s): %s",
            payment.uuid,
            remote.reference,
            dispute.get_state_display(),
        )
    return dispute
