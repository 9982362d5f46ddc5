"""Sends a ticket by mail once more, asked by its owner on the ticket's page, or by staff.

It always goes to the address of the booking's owner. `form` names the page that was posted: a form
that is posted twice sends one mail.
"""

from uuid import UUID

from django.db import transaction
from limits import parse

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.services import write
from bookings.errors import BookingNotFound, BookingNotPending, ShowIsOver
from bookings.messages.kinds import Kind
from bookings.models import Booking
from bookmyshow.core.rate_limits import Limit, count_attempt
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now

BY_OWNER = Limit("ticket-mail", parse("6 per hour"))


def send_again(*, booking: Booking, form: UUID) -> bool:
    """Write the mail with the ticket again. False if it was not needed: the same form was posted
    before, or the ticket's mail waits to be sent anyway.

    `booking` is a ticket of the person who asks. Raises RateLimited.
    """
    count_attempt(BY_OWNER, booking.user_id)
    with transaction.atomic():
        return _write(booking, form)


def send_again_for_customer(*, by: User, booking_id: int, form: UUID) -> bool:
    """The same for staff, with a line in the audit log.

    Raises BookingNotFound, BookingNotPending (it is not confirmed), ShowIsOver.
    """
    with transaction.atomic():
        booking = Booking.objects.select_related("show", "user").filter(pk=booking_id).first()
        if booking is None:
            raise BookingNotFound
        if booking.status != Booking.Status.CONFIRMED:
            raise BookingNotPending("This booking is not confirmed, so there is no ticket to send.")
        if booking.show.ends_at <= database_now():
            raise ShowIsOver("This show is over, so its ticket is not sent any more.")
        is_new = _write(booking, form)
        if is_new:
            audit.record(by=by, about=booking, what="Ticket sent again by mail.")
    return is_new


def _write(booking: Booking, form: UUID) -> bool:
    kind = Kind.BOOKING_CONFIRMED
    on_its_way = Message.objects.waiting().filter(kind=kind, booking=booking.pk, last_error="")
    if on_its_way.exists():
        return False
    return write(
        kind,
        key=f"{kind}:{booking.pk}:again:{form}",
        user=booking.user_id,
        show_id=booking.show_id,
        booking_id=booking.pk,
        data={"again": True},
    )
