"""Check-in at the door (docs/spec.md §13). A ticket is admitted once, even if two doors scan it.

Only the booking's row is locked. Later statements read under this lock whether the booking is
confirmed, paid, cancelled or used. Cancelling and taking the money take the same lock, so a ticket
can't be both admitted and cancelled.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from django.db import transaction
from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from bookings.counter.bills import Bill, read_bills
from bookings.errors import ShowBusy
from bookings.locks import lock_bookings
from bookings.models import Admission, Booking
from bookings.payments.models import Order
from bookings.tickets.reading import read_ticket
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.templatetags.formatting import minor
from bookmyshow.core.time import database_now
from shows.models import Show

#: The door lists shows that began at most DOOR_SINCE ago or begin within DOOR_UNTIL.
DOOR_SINCE, DOOR_UNTIL = timedelta(hours=4), timedelta(hours=12)


class Answer(StrEnum):
    """The possible results of checking a ticket, or of undoing its admission."""

    VALID = "valid"
    USED = "used"
    WRONG_SHOW = "wrong-show"
    CANCELLED = "cancelled"
    NOT_PAID = "not-paid"
    TO_PAY = "to-pay"
    UNKNOWN = "unknown"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check, and its booking.

    `admission` is set for VALID, USED and UNDONE; `bill` is what is to pay, if the booking is not
    paid.
    """

    answer: Answer
    booking: Booking | None = None
    admission: Admission | None = None
    bill: Bill | None = None

    @property
    def local_time(self) -> datetime | None:
        """When the ticket was used, in the cinema's time zone. None without an admission."""
        if self.admission is None or self.booking is None:
            return None
        return self.admission.admitted_at.astimezone(self.booking.show.screen.cinema.tz)

    @property
    def may_undo(self) -> bool:
        return self.answer in {Answer.VALID, Answer.USED}


def admit(*, by: User, ticket: str, show_id: int, unpaid: bool = False) -> Verdict:
    """Admit a ticket to a show, once. `ticket` is the scanned or typed text.

    A booking that is to be paid is refused, unless `unpaid` says that its people may come in
    without paying; the audit log keeps that. Raises ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        booking = _lock_booking(read_ticket(ticket), show_id)
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
        bill = None if booking.is_paid else read_bills([booking], at=now)[0]
        if bill and not unpaid:
            return Verdict(Answer.TO_PAY, booking, bill=bill)
        admission = Admission.objects.create(
            show_id=show_id, booking=booking, admitted_at=now, admitted_by=by
        )
        if bill:
            due = minor(bill.due, bill.currency)
            audit.record(by=by, about=booking, what=f"Let in without paying; {due} is to pay.")
    return Verdict(Answer.VALID, booking, admission, bill)


def undo_admission(*, by: User, ticket: str, show_id: int) -> Verdict:
    """Delete an admission, so that the ticket can be used again. Raises ShowBusy."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        booking = _lock_booking(read_ticket(ticket), show_id)
        used = _admission_of(booking) if booking else None
        if booking is None or used is None or booking.show_id != show_id:
            return Verdict(Answer.UNKNOWN, booking)
        # A delete by queryset leaves `used` unchanged; `used.delete()` would remove its pk.
        Admission.objects.filter(show=show_id, pk=used.pk).delete()
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


def _lock_booking(reference: str | None, show_id: int) -> Booking | None:
    """Lock the booking's row, then read the booking. None if it does not exist.

    A booking of another show is read without a lock: nothing is written about it here.
    """
    if reference is None:
        return None
    locked = lock_bookings(show_id, Q(reference=reference))
    if not locked:
        show_of = Booking.objects.filter(reference=reference).order_by()
        show_id = show_of.values_list("show_id", flat=True).first() or 0
    return _read_booking(reference, show_id)


def _read_booking(reference: str, show_id: int) -> Booking | None:
    """The booking with its show, and `is_paid`: whether it is paid or free of charge."""
    orders = Order.objects.filter(show=show_id, state=Order.State.PAID)
    paid = orders.filter(booking=OuterRef("pk"))
    bookings: Any = Booking.objects.with_show()
    found = bookings.annotate(is_paid=Q(total_amount=0) | Exists(paid))
    return cast("Booking | None", found.filter(show=show_id, reference=reference).first())


def _admission_of(booking: Booking) -> Admission | None:
    admissions = Admission.objects.select_related("admitted_by")
    return admissions.filter(show=booking.show_id, booking=booking).first()
