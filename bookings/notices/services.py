"""Mails about changes of shows: written in the transaction of the change, sent later.

sending.py sends them, and retries those that failed.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from accounts.models import User
from bookings.models import Booking, Notice
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now
from shows.models import Show


def write_notices(
    *,
    kind: Notice.Kind,
    show: Show,
    by_person: Mapping[int, Sequence[Booking]],
    detail: Mapping[str, Any],
) -> None:
    """Write one mail for each person, in the caller's transaction.

    `by_person` has the bookings of each person, by user id.
    """
    change = uuid.uuid4()
    Notice.objects.bulk_create(
        Notice(
            kind=kind,
            change=change,
            user_id=user_id,
            show=show,
            detail={**detail, **_about(bookings)},
        )
        for user_id, bookings in by_person.items()
    )


def write_notice_for_hold(
    kind: Notice.Kind, *, show: Show, hold: Booking, detail: Mapping[str, Any]
) -> None:
    """Write a mail that is sent only after this hold is confirmed."""
    Notice.objects.create(
        kind=kind,
        change=uuid.uuid4(),
        user_id=hold.user_id,
        show=show,
        hold=hold,
        detail={**detail, **_about([hold])},
    )


def _about(bookings: Sequence[Booking]) -> dict[str, Any]:
    return {
        "references": [booking.reference for booking in bookings],
        "seats": [label for booking in bookings for label in booking.seats],
        "amount": str(sum(booking.total_amount for booking in bookings)),
    }


def try_again(*, by: User, notices: Iterable[Notice]) -> int:
    """Make these mails due now, except those already sent; returns how many."""
    with transaction.atomic():
        now = database_now()
        chosen = list(
            Notice.objects.select_for_update(of=("self",))
            .filter(pk__in=[notice.pk for notice in notices], sent_at=None)
            .order_by("pk")
        )
        for notice in chosen:
            audit.record(by=by, about=notice, what="Mail to be tried again.")
        Notice.objects.filter(pk__in=[notice.pk for notice in chosen]).update(
            given_up_at=None, next_try_at=now
        )
    return len(chosen)
