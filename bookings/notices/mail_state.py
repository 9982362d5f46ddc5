"""Counts mails that wait, fail or were given up, for `doctor` and the staff's dashboard."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from bookings.models import Notice

# A run starts every few seconds. If a mail waits longer than this, the mail server or the worker
# is probably down.
LATE = timedelta(minutes=15)
# The dashboard shows mails that were given up for this long.
REMEMBERED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MailState:
    at: datetime
    #: Mails that are neither sent nor given up.
    waiting: int
    #: Waiting mails whose last try failed.
    failing: int
    #: When the oldest waiting mail was written. None if no mail waits.
    oldest: datetime | None
    #: Mails that were given up less than REMEMBERED ago.
    given_up: int

    @property
    def age(self) -> timedelta:
        """How long the oldest mail has waited."""
        return self.at - self.oldest if self.oldest else timedelta()

    @property
    def is_late(self) -> bool:
        return self.age > LATE


def mail_state(*, at: datetime) -> MailState:
    waits = Q(given_up_at=None)
    found = Notice.objects.filter(sent_at=None).aggregate(
        waiting=Count("pk", filter=waits),
        failing=Count("pk", filter=waits & ~Q(last_error="")),
        oldest=Min("created_at", filter=waits),
        given_up=Count("pk", filter=Q(given_up_at__gt=at - REMEMBERED)),
    )
    return MailState(at=at, **found)


def last_error() -> str:
    """The last error of the oldest failing mail. Empty if no mail has failed."""
    failing = Notice.objects.waiting().exclude(last_error="").order_by("created_at", "pk")
    return failing.values_list("last_error", flat=True).first() or ""
