"""Compares a day of the provider's payments with ours, and repairs what a new look can repair.

It finds what no event told: money for a payment that we gave up, a payment that we don't know,
another amount, refunds that somebody made at the provider, disputes. Every difference is told to
staff by a line of the log at ERROR; the daily report lists them.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from django.db.models import Q, Sum

from bookings.payments import providers
from bookings.payments.ledger import OPEN_DISPUTES
from bookings.payments.models import Dispute, Payment, Refund
from bookings.payments.providers.base import (
    Provider,
    ProviderNotFound,
    ProviderUnknown,
    Remote,
    RemoteState,
)
from bookings.payments.settlement.opening import payment_key
from bookings.payments.states import PaymentState, RefundState

from .disputes import look_at_dispute, note_dispute
from .undecided_payments import look_again_now

log = logging.getLogger(__name__)
#: A buyer may begin just before midnight and pay after it.
MARGIN = timedelta(hours=6)
#: States in which we know about the money that the provider has.
AGREES = {
    RemoteState.AUTHORISED: {
        PaymentState.AUTHORISED,
        PaymentState.CAPTURE_DUE,
        PaymentState.VOID_DUE,
        PaymentState.REVIEW,
    },
    RemoteState.CAPTURED: {PaymentState.CAPTURED, PaymentState.REVIEW},
}


class Kind(StrEnum):
    MISSING_HERE = "the provider has money of a payment that is not in the database"
    MISSING_THERE = "the provider does not know this payment"
    OTHER_STATE = "the provider says another state"
    OTHER_AMOUNT = "the provider took another amount"
    OTHER_REFUNDS = "the provider gave back another amount"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `payment` is our uuid, or the provider's id if we have no such payment."""

    kind: Kind
    provider: str
    payment: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return (
            f"{self.provider} {self.payment}: {self.kind} (here {self.ours}, there {self.theirs})"
        )


def compare(day: date) -> list[Difference]:
    """Compare all payments of a day (UTC) of every provider that has some.

    Known payments that differ are looked at again at once. Raises ProviderUnknown.
    """
    since = datetime.combine(day, time.min, UTC)
    until = since + timedelta(days=1)
    found = []
    unanswered: ProviderUnknown | None = None
    for code in _codes(since, until):
        try:
            found += _compare_with(providers.provider(code), since, until)
        except ProviderUnknown as error:
            log.error("payments of %s can't be compared: %s", code, error)
            unanswered = error  # The other provider is compared first.
    if unanswered is not None:
        raise unanswered
    return found


def _compare_with(provider: Provider, since: datetime, until: datetime) -> list[Difference]:
    found = []
    for difference in _compare_payments(provider, since, until):
        # At once: the provider may not answer for the next page.
        log.error("comparison with the provider: %s", difference)
        found.append(difference)
    _compare_disputes(provider, since)
    return found


def _codes(since: datetime, until: datetime) -> list[str]:
    made = Payment.objects.filter(created_at__gte=since - MARGIN, created_at__lt=until)
    used = set(made.exclude(provider="counter").values_list("provider", flat=True))
    return sorted({*used, providers.active_code()} - {""})


def _compare_payments(provider: Provider, since: datetime, until: datetime) -> Iterator[Difference]:
    seen = set()
    for remote in provider.list_payments(since, until + MARGIN):
        payment = _ours(provider.code, remote)
        if payment is not None:
            seen.add(payment.pk)
            yield from _differences(payment, remote)
        elif remote.uuid is not None and remote.created_at and remote.created_at < until:
            # Without our uuid it was made by another shop with the same account.
            yield Difference(
                Kind.MISSING_HERE, provider.code, remote.charge, "nothing", _money(remote)
            )
    ours = Payment.objects.filter(
        provider=provider.code,
        state=PaymentState.CAPTURED,
        created_at__gte=since,
        created_at__lt=until,
    )
    for payment in ours.exclude(pk__in=seen):
        yield from _missing_there(provider, payment)


def _ours(code: str, remote: Remote) -> Payment | None:
    named = Q(charge=remote.charge)
    if remote.uuid is not None:
        named |= Q(uuid=remote.uuid)
    if remote.reference:
        named |= Q(reference=remote.reference)
    return Payment.objects.filter(named, provider=code).order_by("pk").first()


def _differences(payment: Payment, remote: Remote) -> Iterator[Difference]:
    """Compare one payment. Where it differs, it is looked at again."""

    def difference(kind: Kind, ours: object, theirs: object) -> Difference:
        look_again_now(Q(pk=payment.pk))
        return Difference(kind, payment.provider, str(payment.uuid), str(ours), str(theirs))

    if payment.state not in AGREES[remote.state]:
        yield difference(Kind.OTHER_STATE, payment.state, remote.state)
    elif payment.state == PaymentState.CAPTURED:
        if payment.captured != remote.captured:
            yield difference(Kind.OTHER_AMOUNT, payment.captured, remote.captured)
        # A lost dispute is a refund in our books only.
        sent = Refund.objects.filter(
            payment=payment, state__in=[RefundState.SENT, RefundState.SUCCEEDED]
        ).exclude(source=Refund.Source.DISPUTE)
        given = sent.aggregate(sum=Sum("amount"))["sum"] or 0
        if given != remote.refunded:
            yield difference(Kind.OTHER_REFUNDS, given, remote.refunded)


def _missing_there(provider: Provider, payment: Payment) -> Iterator[Difference]:
    """A captured payment that is not in the list: was it paid on another day, or never?"""
    try:
        remote = provider.fetch(payment_key(payment))
    except ProviderNotFound:
        yield Difference(
            Kind.MISSING_THERE, provider.code, str(payment.uuid), str(payment.captured), "nothing"
        )
        return
    if remote.state not in AGREES:
        yield Difference(
            Kind.OTHER_STATE, provider.code, str(payment.uuid), payment.state, remote.state
        )
    else:
        yield from _differences(payment, remote)


def _compare_disputes(provider: Provider, since: datetime) -> None:
    """Write down disputes that no event told, and how the open ones are."""
    for remote in provider.list_disputes(since):
        note_dispute(provider.code, remote)
    still_open = Dispute.objects.filter(provider=provider.code, state__in=OPEN_DISPUTES)
    for reference in still_open.values_list("reference", flat=True):
        look_at_dispute(provider.code, reference)


def _money(remote: Remote) -> str:
    return f"{remote.captured or remote.authorised} {remote.currency} {remote.state}"
