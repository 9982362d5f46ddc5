"""Counts messages that wait, fail or were given up, for `doctor`, the dashboard and metrics."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from .models import WAITING, Channel, Message

# A run starts every few seconds. If a message is due for longer than this, the mail server or the
# worker is probably down.
LATE = timedelta(minutes=15)
# The dashboard shows messages that were given up for this long.
REMEMBERED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ChannelState:
    """The messages of one channel at one moment."""

    at: datetime
    #: Messages that are to be sent, now or later.
    waiting: int = 0
    #: Waiting messages whose last try failed.
    failing: int = 0
    #: Since when the message is due that has been due longest. None if none is due.
    due_since: datetime | None = None
    #: Messages that were given up less than REMEMBERED ago.
    given_up: int = 0

    @property
    def age(self) -> timedelta:
        """How long the oldest due message has waited."""
        return self.at - self.due_since if self.due_since else timedelta()

    @property
    def is_late(self) -> bool:
        return self.age > LATE


def outbox_state(*, at: datetime) -> dict[Channel, ChannelState]:
    """The state of each channel."""
    found = (
        Message.objects.filter(WAITING | Q(given_up_at__gt=at - REMEMBERED))
        .order_by()
        .values("channel")
        .annotate(
            waiting=Count("pk", filter=WAITING),
            failing=Count("pk", filter=WAITING & ~Q(last_error="")),
            due_since=Min("due_at", filter=WAITING & Q(due_at__lte=at)),
            given_up=Count("pk", filter=Q(given_up_at__gt=at - REMEMBERED)),
        )
    )
    states = {
        row["channel"]: ChannelState(
            at=at,
            waiting=row["waiting"],
            failing=row["failing"],
            due_since=row["due_since"],
            given_up=row["given_up"],
        )
        for row in found
    }
    return {channel: states.get(channel, ChannelState(at=at)) for channel in Channel}


def last_error(channel: Channel) -> str:
    """The last error of the oldest failing message. Empty if none has failed."""
    failing = Message.objects.waiting().filter(channel=channel).exclude(last_error="")
    return failing.order_by("pk").values_list("last_error", flat=True).first() or ""
