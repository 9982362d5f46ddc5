"""Counts money that waits for something, for `/metrics`, `doctor` and the staff's dashboard."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Count, Min, QuerySet

from bookings.payments.ledger import OPEN_DISPUTES
from bookings.payments.models import Dispute, Payment, ProviderEvent, Refund
from bookings.payments.states import DUE, PaymentState, RefundState

State = TypeVar("State", PaymentState, RefundState)
#: Reserved money is decided about at once, so a longer wait means that no worker does it.
AUTHORISED_LATE = timedelta(minutes=2)
#: What must still be done at a provider: taking, ending, releasing, refunding.
DUE_LATE = timedelta(minutes=15)
#: Razorpay can't release a reservation by a call: it does so by itself (providers/razorpay.py).
RAZORPAY_RELEASES = timedelta(minutes=45)
#: A worker handles an event within seconds.
EVENT_LATE = timedelta(minutes=5)
ENDED = frozenset({PaymentState.CAPTURED, PaymentState.CANCELLED, PaymentState.VOIDED})


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many rows wait in one state, and since when the oldest does."""

    count: int = 0
    since: datetime | None = None

    def age(self, at: datetime) -> timedelta:
        """How long the oldest has waited; nothing if none waits."""
        return at - self.since if self.since else timedelta()


@dataclass(frozen=True, slots=True)
class MoneyState:
    at: datetime
    #: Payments by state, without those that have ended, or that only Razorpay itself can end.
    payments: Mapping[PaymentState, Waiting]
    #: Refunds by state, without those that succeeded and failed ones that were tried again.
    refunds: Mapping[RefundState, Waiting]
    #: Payments that a person must look at, whatever their state.
    reviews: Waiting
    disputes: Waiting
    #: The last moment to answer the most urgent dispute.
    answer_by: datetime | None
    #: Events of providers that nobody has handled.
    events: Waiting

    @property
    def authorised_is_late(self) -> bool:
        return self.payments[PaymentState.AUTHORISED].age(self.at) > AUTHORISED_LATE

    @property
    def payments_due(self) -> Waiting:
        """Payments with something still to do at the provider."""
        return _together(self.payments[state] for state in DUE)

    @property
    def payments_due_are_late(self) -> bool:
        return self.payments_due.age(self.at) > DUE_LATE

    @property
    def refunds_due_are_late(self) -> bool:
        return self.refunds[RefundState.DUE].age(self.at) > DUE_LATE

    @property
    def events_are_late(self) -> bool:
        return self.events.age(self.at) > EVENT_LATE


def money_state(*, at: datetime) -> MoneyState:
    """Read it; each statement has an index of its own."""
    payments = Payment.objects.exclude(state__in=ENDED).exclude(
        state=PaymentState.VOID_DUE,
        provider__in=["razorpay", "sandbox-razorpay"],
        updated_at__gt=at - RAZORPAY_RELEASES,
    )
    # A failed refund that was tried again is counted by its newer row.
    refunds = Refund.objects.latest_tries().exclude(state=RefundState.SUCCEEDED)
    disputes = Dispute.objects.filter(state__in=OPEN_DISPUTES).aggregate(
        count=Count("pk"), since=Min("created_at"), answer_by=Min("due_at")
    )
    answer_by = disputes.pop("answer_by")
    return MoneyState(
        at=at,
        payments={
            state: found
            for state, found in _by_state(payments, PaymentState, "updated_at").items()
            if state not in ENDED
        },
        refunds=_by_state(refunds, RefundState, "created_at"),
        reviews=_waiting(Payment.objects.to_review(), "updated_at"),
        disputes=Waiting(**disputes),
        answer_by=answer_by,
        events=_waiting(ProviderEvent.objects.filter(handled_at=None), "received_at"),
    )


def _waiting(rows: "QuerySet[Payment] | QuerySet[ProviderEvent]", since: str) -> Waiting:
    return Waiting(**rows.order_by().aggregate(count=Count("pk"), since=Min(since)))


def _by_state(
    rows: "QuerySet[Payment] | QuerySet[Refund]", states: type[State], since: str
) -> dict[State, Waiting]:
    found = rows.order_by().values_list("state").annotate(Count("pk"), Min(since))
    counted = {state: Waiting(count, oldest) for state, count, oldest in found}
    return {state: counted.get(state, Waiting()) for state in states}


def _together(waiting: Iterable[Waiting]) -> Waiting:
    several = list(waiting)
    since = [each.since for each in several if each.since]
    return Waiting(sum(each.count for each in several), min(since, default=None))
