"""Warns staff: the cache, the task queue or the sweeper is down; money waits for somebody.

The site sells without the cache, the queue and the sweeper.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from bookings import sweep_heartbeat
from bookings.payments.staff.money_state import MoneyState, Waiting
from bookings.payments.states import PaymentState, RefundState
from bookmyshow.core.redis_clients import UNREACHABLE, short_lived_client

log = logging.getLogger(__name__)

PING_SECONDS = 0.5


def redis_answers(url: str) -> bool:
    """Whether the Redis or Valkey server at this address answers within PING_SECONDS."""
    try:
        with short_lived_client(url, seconds=PING_SECONDS) as client:
            client.ping()
    except UNREACHABLE as error:
        log.warning("Redis does not answer: %s", error)
        return False
    return True


def current_warnings() -> list[str]:
    """Sentences for staff about the cache, the task queue and late sweeps. Empty if all work."""
    found = []
    if not redis_answers(settings.REDIS_URL):
        found.append("The cache does not answer: the site sells on, more slowly.")
        found.append("The task queue does not answer: mails and sweeps wait until it is back.")
    elif sweep_heartbeat.is_late():
        last = sweep_heartbeat.last_sweep()
        when = f"were last swept {timesince(last, timezone.now())} ago" if last else "aren’t swept"
        found.append(f"Lapsed holds {when}: the admin shows them as held, though they are free.")
    return found


@dataclass(frozen=True, slots=True)
class MoneyWarning:
    """Money that waits too long (an error), or for a person."""

    words: str
    #: When the oldest began to wait.
    since: datetime
    #: The list in the admin that shows it.
    address: str
    is_error: bool


def money_warnings(state: MoneyState) -> list[MoneyWarning]:
    """What staff must know about money that waits, the most urgent first."""
    payments, refunds, disputes = (
        reverse(f"admin:payments_{name}_changelist") for name in ("payment", "refund", "dispute")
    )
    late = [
        (
            state.payments[PaymentState.AUTHORISED] if state.authorised_is_late else Waiting(),
            ("reserved payment waits", "reserved payments wait"),
            f"{payments}?needs=provider",
        ),
        (
            state.payments_due if state.payments_due_are_late else Waiting(),
            ("payment waits for the provider", "payments wait for the provider"),
            f"{payments}?needs=provider",
        ),
        (
            state.refunds[RefundState.DUE] if state.refunds_due_are_late else Waiting(),
            ("refund was not sent", "refunds were not sent"),
            f"{refunds}?needs=queue",
        ),
        (
            state.reviews,
            ("payment needs a person", "payments need a person"),
            f"{payments}?needs=person",
        ),
    ]
    for_staff = [
        (
            state.refunds[RefundState.FAILED],
            ("refund failed", "refunds failed"),
            f"{refunds}?needs=person",
        ),
        (
            state.refunds[RefundState.MANUAL],
            ("refund is to be handed back", "refunds are to be handed back"),
            f"{refunds}?needs=person",
        ),
        (state.disputes, ("dispute is open", "disputes are open"), f"{disputes}?is=open"),
    ]
    return [
        MoneyWarning(
            f"{waiting.count} {one if waiting.count == 1 else many}", waiting.since, address, error
        )
        for error, rows in ((True, late), (False, for_staff))
        for waiting, (one, many), address in rows
        if waiting.since
    ]
