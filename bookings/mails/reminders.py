"""Writes the mails that remind people of a show that begins in some hours (docs/spec.md §12.4)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.outbox.models import Message
from accounts.outbox.services import NewMessage, write_many
from bookings.messages.kinds import Kind
from bookings.models import Booking
from bookmyshow.core.time import database_now
from shows.models import Show

#: Reminders of one statement, and of one run. The next run continues.
BATCH, MOST = 500, 5_000


def write_reminders() -> int:
    """Write the reminders that are due: one for each ticket. Returns how many.

    Any number of runs at once write each reminder once.
    """
    if not settings.REMINDER_HOURS:
        return 0
    now, done = database_now(), 0
    while done < MOST:
        with transaction.atomic():
            wrote = write_many(_reminder(booking) for booking in _due(at=now)[:BATCH])
        done += wrote
        if not wrote:
            break
    return done


def _due(*, at: datetime) -> QuerySet[Booking]:
    """Tickets of shows that begin within REMINDER_HOURS, and that have no reminder of this start.

    Left out are tickets that were bought after that moment, or whose owner was told a new time
    after it: these people know when the show begins. So are tickets that were used at the door.
    """
    before = timedelta(hours=settings.REMINDER_HOURS)
    of_show = Message.objects.filter(show=OuterRef("show"))
    reminded = Message.objects.filter(
        kind=Kind.SHOW_REMINDER, booking=OuterRef("pk"), expires_at=OuterRef("show__starts_at")
    )
    told = of_show.filter(
        kind=Kind.SHOW_MOVED,
        user=OuterRef("user"),
        created_at__gt=OuterRef("show__starts_at") - before,
    )
    return (
        Booking.objects.filter(
            ~Exists(reminded),
            ~Exists(told),
            status=Booking.Status.CONFIRMED,
            show__status=Show.Status.SCHEDULED,
            show__starts_at__gt=at,
            show__starts_at__lte=at + before,
            confirmed_at__lt=F("show__starts_at") - before,
            admission=None,
        )
        .select_related("show")
        .only("user_id", "show_id", "show__starts_at")
        .order_by("show__starts_at", "pk")
    )


def _reminder(booking: Booking) -> NewMessage:
    starts_at = booking.show.starts_at
    return NewMessage(
        kind=Kind.SHOW_REMINDER,
        key=f"{Kind.SHOW_REMINDER}:{booking.pk}:{starts_at.isoformat()}",
        user=booking.user_id,
        show_id=booking.show_id,
        booking_id=booking.pk,
        expires_at=starts_at,
    )
