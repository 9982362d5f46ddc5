"""The door: one ticket lets its people in once, however many doors scan it (docs/spec.md §13).

The booking's row is locked alone, as in `confirm_booking`; whether it is paid, off or used already
is read by later statements under that lock. Cancelling takes the same lock, so a ticket is never
both let in and given back by its owner.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from bookings.errors import ShowBusy
from bookings.models import CROCKFORD, Admission, Booking
from bookings.tickets.services import InvalidToken, read_door_token
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now
from shows.models import Show

#: Shows that a door may be working on: those that began up to this long ago, or begin this soon.
DOOR_SINCE, DOOR_UNTIL = timedelta(hours=4), timedelta(hours=12)
REFERENCE = re.compile(f"BMV[{CROCKFORD}]{{12}}")
# Crockford's reading of letters that look like figures.
LOOKALIKES = str.maketrans("OIL", "011", " -\t")


class Answer(StrEnum):
    """What the door is told about a ticket."""

    VALID = "valid"
    USED = "used"
    WRONG_SHOW = "wrong-show"
    CANCELLED = "cancelled"
    NOT_PAID = "not-paid"
    UNKNOWN = "unknown"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer and what it rests on; `admission` is there for VALID, USED and UNDONE."""

    answer: Answer
    booking: Booking | None = None
    admission: Admission | None = None

    @property
    def local_time(self) -> datetime | None:
        """When the ticket was used, on the cinema's clock."""
        if self.admission is None or self.booking is None:
            return None
        return self.admission.admitted_at.astimezone(self.booking.show.screen.cinema.tz)

    @property
    def may_undo(self) -> bool:
        return self.answer in {Answer.VALID, Answer.USED}


def read_ticket(text: str) -> str | None:
    """The reference in what was scanned or typed; None where there is none, or it is forged.

    Typing forgives case, spaces, a missing BMV, and O, I, L for 0 and 1.
    """
    try:
        return read_door_token(text)
    except InvalidToken:
        typed = text.upper().translate(LOOKALIKES)
        typed = typed if typed.startswith("BMV") else f"BMV{typed}"
        return typed if REFERENCE.fullmatch(typed) else None


def was_typed(ticket: str) -> bool:
    """Whether the text has no signature of the site, so that it was typed and not scanned."""
    try:
        read_door_token(ticket)
    except InvalidToken:
        return True
    return False


def admit(*, by: User, ticket: str, show_id: int) -> Verdict:
    """Let a ticket in to a show, once. `ticket` is what was scanned or typed. Raises ShowBusy."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        booking = _lock_booking(read_ticket(ticket))
        if booking is None:
            return Verdict(Answer.UNKNOWN)
        now = database_now()
        status = booking.status_at(now)
        if status == Booking.Status.CANCELLED or booking.show.is_cancelled:
            return Verdict(Answer.CANCELLED, booking)
        if status != Booking.Status.CONFIRMED:
            return Verdict(Answer.NOT_PAID, booking)
        if booking.show_id != show_id:
            return Verdict(Answer.WRONG_SHOW, booking)
        used = _admission_of(booking)
        if used:
            return Verdict(Answer.USED, booking, used)
        admission = Admission.objects.create(booking=booking, admitted_at=now, admitted_by=by)
    return Verdict(Answer.VALID, booking, admission)


def undo_admission(*, by: User, ticket: str, show_id: int) -> Verdict:
    """Take an admission back, so that the ticket is good again. Raises ShowBusy."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        booking = _lock_booking(read_ticket(ticket))
        used = _admission_of(booking) if booking else None
        if booking is None or used is None or booking.show_id != show_id:
            return Verdict(Answer.UNKNOWN, booking)
        # `used` keeps what it says once its row is gone.
        Admission.objects.filter(pk=used.pk).delete()
        verdict = Verdict(Answer.UNDONE, booking, used)
        audit.record(
            by=by,
            about=booking,
            what=f"Admission of {verdict.local_time:%d %b %H:%M} by {used.admitted_by} undone.",
        )
    return verdict


def shows_at_the_door(*, at: datetime) -> QuerySet[Show]:
    """Shows that people are let in to about now, with `sold` and `inside`, counted in people."""
    return with_attendance(
        Show.objects.scheduled()
        .filter(starts_at__range=(at - DOOR_SINCE, at + DOOR_UNTIL))
        .with_film()
        .order_by("starts_at", "screen__name", "pk")
    )


def with_attendance(shows: QuerySet[Show]) -> QuerySet[Show]:
    """Adds `sold` and `inside`: the people with a ticket, and those of them who came in."""
    sold = Booking.objects.filter(show=OuterRef("pk"), status=Booking.Status.CONFIRMED)
    return shows.annotate(sold=_people(sold), inside=_people(sold.filter(admission__isnull=False)))


def _people(bookings: QuerySet[Booking]) -> Coalesce:
    """The seats of these bookings, added up per show."""
    total = bookings.order_by().values("show").values(people=Sum("total_seats"))
    return Coalesce(Subquery(total, output_field=IntegerField()), 0)


def _lock_booking(reference: str | None) -> Booking | None:
    """The booking, locked alone, and then read with its show as both are now."""
    if reference is None:
        return None
    locked = Booking.objects.select_for_update(no_key=True).filter(reference=reference).first()
    if locked is None:
        return None
    return Booking.objects.with_show().get(pk=locked.pk)


def _admission_of(booking: Booking) -> Admission | None:
    return Admission.objects.select_related("admitted_by").filter(booking=booking).first()
