"""Finishes what was left open: events, orders whose time is over, payments.

Beat starts it every few seconds. Any number of runs may overlap: each claims what it works on
(`undecided_payments`). Refunds have a queue of their own (`refunds.queue`).
"""

import logging
import time
from dataclasses import dataclass

from bookings.payments.orders.closing import close_finished_orders

from .provider_events import handle_events
from .undecided_payments import claim_next, look_at

log = logging.getLogger(__name__)

# After this time a run starts nothing else; the next run continues.
RUN_SECONDS = 60
# A run ends after this many calls in a row without an answer.
MOST_UNKNOWN = 3


@dataclass(slots=True)
class Reconciled:
    """What one run did: events handled, payments of ended orders, and payments looked at.

    `unknown` are those looks that got no answer from the provider.
    """

    events: int = 0
    stopped: int = 0
    payments: int = 0
    unknown: int = 0


def reconcile(limit: int = 1_000) -> Reconciled:
    """Look at all that is due: at most `limit` payments, for about RUN_SECONDS.

    Call it outside of transactions. It stops early while the provider does not answer.
    """
    done = Reconciled()
    ends = time.monotonic() + RUN_SECONDS
    done.events = handle_events()
    done.stopped = len(close_finished_orders())  # They are due at once.
    in_a_row = 0
    while done.payments < limit and in_a_row < MOST_UNKNOWN and time.monotonic() < ends:
        payment = claim_next()
        if payment is None:
            break
        known = look_at(payment)
        done.payments += 1
        done.unknown += not known
        in_a_row = 0 if known else in_a_row + 1
    if done.events or done.payments:
        log.info(
            "payments: %s looked at, %s of them without an answer; %s events",
            done.payments,
            done.unknown,
            done.events,
        )
    return done
