"""Mails that a change owes to people: written with the change, sent afterwards, each once.

A mail is sent and marked as sent under the lock of its own row, which other senders skip: any
number of them may run at once. Killed between the mail server's yes and the commit, a sender leaves
one mail that will be sent again, under the same Message-ID, by which mail programs show it once.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string

from shows.clock import database_now
from shows.models import Show

from .models import Booking, Notice

log = logging.getLogger(__name__)

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=6)
# With this many failures in a row it is the mail server, and not one address.
GIVE_UP_AFTER = 3
TEMPLATES = {
    Notice.Kind.SHOW_CANCELLED: "show_cancelled",
    Notice.Kind.SHOW_MOVED: "show_moved",
}


@dataclass(slots=True)
class Sent:
    """What a run of the sender did."""

    sent: int = 0
    failed: int = 0


def owe(
    *,
    kind: Notice.Kind,
    show: Show,
    by_person: Mapping[int, Sequence[Booking]],
    detail: Mapping[str, Any],
) -> None:
    """Write one mail for each person, in the caller's transaction."""
    change = uuid.uuid4()
    Notice.objects.bulk_create(
        Notice(
            kind=kind,
            change=change,
            user_id=user_id,
            show=show,
            detail={
                **detail,
                "references": [booking.reference for booking in bookings],
                "seats": [label for booking in bookings for label in booking.seats],
                "amount": str(sum(booking.total_amount for booking in bookings)),
            },
        )
        for user_id, bookings in by_person.items()
    )


def send_due() -> Sent:
    """Send every mail that is due; one that fails is tried again later, ever more rarely."""
    done = Sent()
    in_a_row = 0
    connection = get_connection()
    try:
        while in_a_row < GIVE_UP_AFTER:
            success = _send_next(connection)
            if success is None:
                break
            done.sent += success
            done.failed += not success
            in_a_row = 0 if success else in_a_row + 1
    finally:
        connection.close()
    if done.sent or done.failed:
        log.info("notices: %s sent, %s failed", done.sent, done.failed)
    return done


def _send_next(connection: BaseEmailBackend) -> bool | None:
    """Send the oldest mail that is due and nobody else is at; whether it went, None if none is."""
    with transaction.atomic():
        now = database_now()
        notice = (
            Notice.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(sent_at=None, next_try_at__lte=now)
            .select_related("user", "show__movie", "show__screen__cinema")
            .order_by("next_try_at", "pk")
            .first()
        )
        if notice is None:
            return None
        notice.attempts += 1
        try:
            # Whoever closed their account has no address any more.
            if notice.user.is_active:
                compose(notice, connection).send()
            notice.sent_at, notice.last_error = database_now(), ""
        except (SMTPException, OSError) as error:
            log.warning("notice %s could not be sent: %s", notice.pk, type(error).__name__)
            notice.last_error = type(error).__name__
            notice.next_try_at = now + _pause(notice.attempts)
            connection.close()
        notice.save(update_fields=["attempts", "sent_at", "last_error", "next_try_at"])
    return notice.sent_at is not None


def _pause(attempts: int) -> timedelta:
    return min(FIRST_RETRY * 2 ** min(attempts - 1, 12), LONGEST_RETRY)


def compose(notice: Notice, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The mail in plain text and HTML, its times on the cinema's clock."""
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
    name = f"bookings/email/{TEMPLATES[Notice.Kind(notice.kind)]}"
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
    """The site's and not the machine's: whichever machine sends it again, it is the same mail."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"
