"""Check-in at the door (docs/spec.md §13). A ticket is admitted once, even if two doors scan it.

Only the booking's row is locked. Later statements read under this lock whether the booking is
confirmed, cancelled or used. Cancelling takes the same lock, so a ticket can't be both admitted and
cancelled.
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

#: The door lists shows that began at most DOOR_SINCE ago or begin within DOOR_UNTIL.
DOOR_SINCE, DOOR_UNTIL = timedelta(hours=4), timedelta(hours=12)
REFERENCE = re.compile(f"BMV[{CROCKFORD}]{{12}}")
# O is read as 0, I and L as 1 (Crockford's base 32). Spaces, hyphens and tabs are removed.
LOOKALIKES = str.maketrans("OIL", "011", " -\t")


class Answer(StrEnum):
    """The possible results of checking a ticket, or of undoing its admission."""

    VALID = "valid"
    USED = "used"
    WRONG_SHOW = "wrong-show"
    CANCELLED = "cancelled"
    NOT_PAID = "not-paid"
    UNKNOWN = "unknown"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check, and its booking. `admission` is set for VALID, USED and UNDONE."""

    answer: Answer
    booking: Booking | None = None
    admission: Admission | None = None

    @property
    def local_time(self) -> datetime | None:
        """When the ticket was used, in the cinema's time zone. None without an admission."""
        if self.admission is None or self.booking is None:
            return None
        return self.admission.admitted_at.astimezone(self.booking.show.screen.cinema.tz)

    @property
    def may_undo(self) -> bool:
        return self.answer in {Answer.VALID, Answer.USED}


def read_ticket(text: str) -> str | None:
    """The reference in a scanned or typed text. None if the text is not a valid ticket.

    Scanned text must have a valid signature. Typed text may be in lower case, have spaces, lack
    BMV, and have O, I, L instead of 0 and 1.
    """
    try:
        return read_door_token(text)
    except InvalidToken:
        typed = text.upper().translate(LOOKALIKES)
        typed = typed if typed.startswith("BMV") else f"BMV{typed}"
        return typed if REFERENCE.fullmatch(typed) else None


def was_typed(ticket: str) -> bool:
    """True if the text has no valid signature of the site, so it was not scanned."""
    try:
        read_door_token(ticket)
    except InvalidToken:
        return True
    return False


def admit(*, by: User, ticket: str, show_id: int) -> Verdict:
    """Admit a ticket to a show, once. `ticket` is the scanned or typed text. Raises ShowBusy."""
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
    """Delete an admission, so that the ticket can be used again. Raises ShowBusy."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        booking = _lock_booking(read_ticket(ticket))
        used = _admission_of(booking) if booking else None
        if booking is None or used is None or booking.show_id != show_id:
            return Verdict(Answer.UNKNOWN, booking)
        # A delete by queryset leaves `used` unchanged; `used.delete()` would remove its pk.
        Admission.objects.filter(pk=used.pk).delete()
        verdict = Verdict(Answer.UNDONE, booking, used)
        audit.record(
            by=by,
            about=booking,
            what=f"Admission of {verdict.local_time:%d %b %H:%M} by {used.admitted_by} undone.",
        )
    return verdict


def shows_at_the_door(*, at: datetime) -> QuerySet[Show]:
    """Scheduled shows that began at most DOOR_SINCE before `at`, or begin within DOOR_UNTIL.

    Each has `sold` and `inside` (`with_attendance`).
    """
    return with_attendance(
        Show.objects.scheduled()
        .filter(starts_at__range=(at - DOOR_SINCE, at + DOOR_UNTIL))
        .with_film()
        .order_by("starts_at", "screen__name", "pk")
    )


def with_attendance(shows: QuerySet[Show]) -> QuerySet[Show]:
    """Add `sold` (people with a ticket) and `inside` (people who were admitted)."""
    sold = Booking.objects.filter(show=OuterRef("pk"), status=Booking.Status.CONFIRMED)
    return shows.annotate(sold=_people(sold), inside=_people(sold.filter(admission__isnull=False)))


def _people(bookings: QuerySet[Booking]) -> Coalesce:
    """The sum of the seats of these bookings, by show."""
    total = bookings.order_by().values("show").values(people=Sum("total_seats"))
    return Coalesce(Subquery(total, output_field=IntegerField()), 0)


def _lock_booking(reference: str | None) -> Booking | None:
    """Lock the booking's row, then read the booking with its show. None if it does not exist."""
    if reference is None:
        return None
    locked = Booking.objects.select_for_update(no_key=True).filter(reference=reference).first()
    if locked is None:
        return None
    return Booking.objects.with_show().get(pk=locked.pk)


def _admission_of(booking: Booking) -> Admission | None:
    return Admission.objects.select_related("admitted_by").filter(booking=booking).first()
