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
    of_person: Mapping[int, Mapping[str, Any]] | None = None,
) -> None:
    """Write one mail for each person, in the caller's transaction.

    `by_person` has the bookings of each person, by user id; `of_person` what the mail of one person
    says beside `detail`.
    """
    of_person = of_person or {}
    change = uuid.uuid4()
    Notice.objects.bulk_create(
        Notice(
            kind=kind,
            change=change,
            user_id=user_id,
            show=show,
            detail={**detail, **_about(bookings), **of_person.get(user_id, {})},
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


def write_notice_of_money(
    *, kind: Notice.Kind, change: uuid.UUID, user_id: int, show_id: int, detail: Mapping[str, Any]
) -> None:
    """Write one mail about money. Nothing is written twice for the same `change`.

    No mail is written about a show in the archive: it is too old for mails.
    """
    if Show.objects.filter(pk=show_id).exists():
        notice = Notice(
            kind=kind, change=change, user_id=user_id, show_id=show_id, detail=dict(detail)
        )
        Notice.objects.bulk_create([notice], ignore_conflicts=True)


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
