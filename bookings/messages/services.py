"""Mails about shows and money: written in the transaction of the change, sent by the outbox."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.outbox.services import NewMessage, write, write_many
from bookings.models import Booking
from shows.models import Show

from .kinds import Kind


def write_about_show(
    *,
    kind: Kind,
    show: Show,
    by_person: Mapping[int, Sequence[Booking]],
    detail: Mapping[str, Any],
    of_person: Mapping[int, Mapping[str, Any]] | None = None,
) -> None:
    """Write one mail for each person, in the caller's transaction.

    `by_person` has the bookings of each person, by user id; `of_person` what the mail of one person
    says beside `detail`.
    """
    of_person = of_person or {}
    change = uuid.uuid4()
    write_many(
        NewMessage(
            kind,
            f"{kind}:{change}:{user_id}",
            user_id,
            show_id=show.pk,
            data={**detail, **_about(bookings), **of_person.get(user_id, {})},
        )
        for user_id, bookings in by_person.items()
    )


def write_about_hold(kind: Kind, *, show: Show, hold: Booking, detail: Mapping[str, Any]) -> None:
    """Write a mail that is sent only after this hold is confirmed."""
    write(
        kind,
        key=f"{kind}:{uuid.uuid4()}:{hold.user_id}",
        user=hold.user_id,
        show_id=show.pk,
        booking_id=hold.pk,
        data={**detail, **_about([hold])},
    )


def write_booked(booking: Booking) -> None:
    """Write the mail with the ticket: one for each booking.

    A confirmation without a payment writes the same row in its own statement
    (bookings/confirmation.py: CONFIRM_HOLD).
    """
    kind = Kind.BOOKING_CONFIRMED
    write(
        kind,
        key=f"{kind}:{booking.pk}",
        user=booking.user_id,
        show_id=booking.show_id,
        booking_id=booking.pk,
    )


def write_cancelled(booking: Booking, *, money: Mapping[str, Any], by_customer: bool) -> None:
    """Write the mail that this booking was cancelled. `money` is what goes back, a MoneyBack."""
    kind = Kind.BOOKING_CANCELLED
    write(
        kind,
        key=f"{kind}:{booking.pk}",
        user=booking.user_id,
        show_id=booking.show_id,
        booking_id=booking.pk,
        data={**_about([booking]), "money": money, "by_customer": by_customer},
    )


def write_about_money(
    *,
    kind: Kind,
    event: uuid.UUID,
    user_id: int,
    show_id: int,
    detail: Mapping[str, Any],
    booking_id: int | None = None,
) -> None:
    """Write one mail about money. Nothing is written twice for one `event`: a payment, a refund.

    No mail is written about a show in the archive: it is too old for mails.
    """
    if Show.objects.filter(pk=show_id).exists():
        write(
            kind,
            key=f"{kind}:{event}",
            user=user_id,
            show_id=show_id,
            booking_id=booking_id,
            data=detail,
        )


def _about(bookings: Sequence[Booking]) -> dict[str, Any]:
    return {
        "references": [booking.reference for booking in bookings],
        "seats": [label for booking in bookings for label in booking.seats],
        "amount": str(sum(booking.total_amount for booking in bookings)),
    }
