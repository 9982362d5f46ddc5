"""Push messages about a moved or cancelled show, written in the transaction of the change."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from accounts.push.kinds import Event, write_events
from accounts.push.models import Topic
from bookings.models import Booking
from shows.models import Show

SHOW_MOVED, SHOW_CANCELLED = "push-show-moved", "push-show-cancelled"


def write_show_moved(*, show: Show, tickets: Iterable[Booking], before: datetime) -> int:
    """Tell the owners of tickets. `show` has its new start, `before` is the earlier one."""
    data = {"from": before.isoformat(), "to": show.starts_at.isoformat()}
    return _write(SHOW_MOVED, show, tickets, data, until=show.starts_at)


def write_show_cancelled(*, show: Show, tickets: Iterable[Booking]) -> int:
    """Tell the owners of tickets."""
    return _write(SHOW_CANCELLED, show, tickets, {}, until=show.ends_at)


def _write(
    kind: str, show: Show, tickets: Iterable[Booking], data: dict[str, str], *, until: datetime
) -> int:
    """One message for each person and browser, about their first ticket. A show may be moved away
    and back, so each change has a name of its own."""
    change = uuid.uuid4().hex
    first: dict[int, int] = {}
    for ticket in tickets:
        first.setdefault(ticket.user_id, ticket.pk)
    return write_events(
        (
            Event(
                kind=kind,
                key=f"{kind}:{change}:{user_id}",
                user_id=user_id,
                show_id=show.pk,
                booking_id=booking_id,
                data=data,
                expires_at=until,
            )
            for user_id, booking_id in first.items()
        ),
        topic=Topic.MOVED,
    )
