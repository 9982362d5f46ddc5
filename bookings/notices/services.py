"""Mails about changes of shows: written in the transaction of the change, sent later.

sending.py sends them, and tries those that failed again.
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
    """Write one mail for each person, in the caller's transaction. `by_person` has user ids as
    keys."""
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
    """Let the next run send these mails, if they are not sent yet; returns how many."""
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
<<<<<<< HEAD


def _pause(attempts: int) -> timedelta:
    return min(FIRST_RETRY * 2 ** min(attempts - 1, 12), LONGEST_RETRY)


def _close_without_quit(connection: BaseEmailBackend) -> None:
    """Close the connection without QUIT, because Django's `close` waits for the answer to QUIT."""
    for name in ("connection", "_partial_connection"):
        if smtp := getattr(connection, name, None):
            smtp.close()
    with suppress(Exception):
        connection.close()


def compose(notice: Notice, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The mail in plain text and HTML, with times in the cinema's time zone."""
    detail, show = notice.detail, notice.show
    zone = show.screen.cinema.tz
    times = {
        name: datetime.fromisoformat(detail[name]).astimezone(zone)
        for name in ("from", "to")
        if name in detail
    }
    context = {
        "notice": notice,
        "user": notice.user,
        "show": show,
        "was": times.get("from", show.local_start),
        "now_at": times.get("to", show.local_start),
        "seats": detail["seats"],
        "references": detail["references"],
        "amount": Decimal(detail["amount"]),
        "why": detail.get("why", ""),
        "site": settings.SITE_URL,
    }
    name = f"bookings/notices/{TEMPLATES[Notice.Kind(notice.kind)]}"
    subject = " ".join(render_to_string(f"{name}_subject.txt", context).split())
    mail = EmailMultiAlternatives(
        subject,
        render_to_string(f"{name}.txt", context),
        to=[notice.user.email],
        headers={"Message-ID": f"<notice-{notice.change}-{notice.pk}@{_domain()}>"},
        connection=connection,
    )
    mail.attach_alternative(render_to_string(f"{name}.html", context), "text/html")
    return mail


def _domain() -> str:
    """The site's host name. The machine's would differ when another machine sends the mail
    again."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"
=======
>>>>>>> b98510c (Notices: what sends mails, and when one is tried again, is in notices/sending.py)
