"""Confirms a booking in one trip to the database, without a lock on the show (docs/spec.md §4.6).

A confirmation takes no seat and frees no seat, so a lock on the booking is enough. Its commit waits
for the disk, so a confirmed booking survives a crash. See docs/images/hold-and-confirm.svg.
"""

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.outbox.registry import kind_of
from accounts.outbox.services import nudge
from bookmyshow.core.db.one_trip import Statement, one_trip
from bookmyshow.core.db.prepared import first_row
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.observability import metrics
from shows.models import Show
from shows.seatmap import current as seatmap

from . import on_citus
from .errors import (
    BookingError,
    BookingExpired,
    BookingNotFound,
    BookingNotPending,
    EmailNotConfirmed,
    PaymentRequired,
    ShowBusy,
    ShowMoved,
)
from .hold_limits import check_buyer, most_seats_to_confirm, seats_bought_statement
from .locks import lock_booking_statement, lock_person_statement
from .messages.kinds import Kind
from .models import Booking
from .on_citus import fitting

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED

# A move of the show locks its bookings too. So while the booking is locked, the show's start cannot
# change.
#
# How many seats the person has bought at all shows was read by SEATS_BOUGHT in this transaction.
CONFIRM_HOLD = """
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now), confirmed AS (
        UPDATE bookings_booking b
        SET status = 'CONFIRMED', confirmed_at = clock.now, updated_at = clock.now, held_from = ''
        FROM clock
        WHERE b.show_id = %(show)s::bigint AND b.reference = %(reference)s
          AND b.user_id = %(user)s::bigint AND b.status = 'PENDING' AND b.expires_at > clock.now
          AND (%(pay_at_cinema)s::bool OR b.total_amount = 0)
          AND (%(most_seats)s::int IS NULL OR b.total_seats
               + current_setting('bookings.seats_bought', true)::int <= %(most_seats)s::int)
          AND (%(starts_at)s::timestamptz IS NULL
               OR EXISTS (SELECT FROM shows_show s
                          WHERE s.id = %(show)s::bigint
                            AND s.starts_at = %(starts_at)s::timestamptz))
        RETURNING b.id, b.user_id, b.show_id
    ), bought AS (
        UPDATE waiting_entry entry SET state = 'TAKEN', ended_at = clock.now
        FROM confirmed CROSS JOIN clock
        WHERE entry.show_id = %(show)s::bigint AND entry.user_id = confirmed.user_id
          AND (entry.state = 'WAITING'
               OR entry.state = 'OFFERED' AND entry.booking_id = confirmed.id)
    ), told AS (
        -- The mail with the ticket. Its kind, key and priority are those of
        -- messages/services.py: write_booked. A message whose key exists is not inserted.
        INSERT INTO outbox_message (kind, key, user_id, show, booking, priority)
        SELECT %(kind)s::text, %(kind)s::text || ':' || id, user_id, show_id, id,
               %(priority)s::smallint
        FROM confirmed
    )
    SELECT clock.now, EXISTS (SELECT FROM confirmed) FROM clock
"""


@metrics.booking_attempt("confirm")
def confirm_booking(
    *,
    user: User,
    reference: str,
    starts_at: datetime | None = None,
    show_id: int | None = None,
) -> Booking:
    """Confirm a hold. If it is confirmed already, return it unchanged.

    `show_id` is the booking's show, as the page or the caller knows it. None costs one look-up.
    `starts_at` is the show's start that the buyer saw on the page. If the show has another start
    now, ShowMoved is raised. None skips this check. What costs something is confirmed here only if
    it can be paid at the cinema; otherwise its payment confirms it (payments/settlement/). Also
    raises BookingNotFound, BookingExpired, BookingNotPending, PaymentRequired, EmailNotConfirmed,
    GuestDetailsMissing, AccountNeeded, ShowBusy.
    """
    check_buyer(user, reference)
    if show_id is None:
        show_id = show_of(user, reference)
    most_seats = most_seats_to_confirm(user)
    values = {
        "user": user.pk,
        "show": show_id,
        "reference": reference,
        "most_seats": most_seats,
        "starts_at": starts_at,
        "pay_at_cinema": settings.PAY_AT_CINEMA,
        "kind": Kind.BOOKING_CONFIRMED.value,
        "priority": kind_of(Kind.BOOKING_CONFIRMED).priority.value,
    }
    statements = []
    if most_seats is not None:
        # What needs all shows is read before a row of one is locked (see `hold_limits`).
        statements = [lock_person_statement(user.pk), seats_bought_statement(user.pk)]
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        # Lock the booking's row (SELECT … FOR NO KEY UPDATE). CONFIRM_HOLD decides under this lock.
        statements += [
            lock_booking_statement(user.pk, show_id, reference),
            Statement(fitting(CONFIRM_HOLD, on_citus.CONFIRM_HOLD), values),
        ]
        *_, locked, decided = one_trip(*statements)
        booking = first_row(Booking, locked)
        now, is_confirmed = decided.fetchone()
        if booking is None:
            raise BookingNotFound
        if not is_confirmed:
            if booking.status == CONFIRMED:
                return booking
            raise _refusal(booking, now, most_seats, starts_at)
        booking.status = CONFIRMED
        booking.confirmed_at = booking.updated_at = now
        transaction.on_commit(partial(seatmap.forget, booking.show_id))
        transaction.on_commit(nudge, robust=True)
        seconds = (now - booking.created_at).total_seconds()
        transaction.on_commit(partial(metrics.HOLD_TO_CONFIRM.observe, seconds))
    return booking


def show_of(user: User, reference: str) -> int:
    """The show of this person's booking. Raises BookingNotFound."""
    own = Booking.objects.filter(user=user, reference=reference).order_by()
    show_id = own.values_list("show_id", flat=True).first()
    if show_id is None:
        raise BookingNotFound
    return show_id


def _refusal(
    booking: Booking, now: datetime, most_seats: int | None, starts_at: datetime | None
) -> BookingError:
    """The error that says why CONFIRM_HOLD did not confirm this booking at `now`."""
    if booking.status_at(now) == PENDING:
        if booking.total_amount and not settings.PAY_AT_CINEMA:
            return PaymentRequired(booking.pk)
        show = Show.objects.get(pk=booking.show_id)
        if starts_at not in {None, show.starts_at}:
            return ShowMoved()
        return EmailNotConfirmed(most_seats or 0, is_guest=booking.user.is_guest)
    is_lapsed = booking.reason_at(now) == Booking.EndedReason.LAPSED
    return BookingExpired() if is_lapsed else BookingNotPending()
