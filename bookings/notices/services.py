"""Mails about changes of shows: written in the transaction of the change, sent later.

A sender claims a mail in one short transaction, sends it outside of any transaction, because a mail
server may be slow, and marks it in another. Any number of senders may run at once. If one is killed
after it sent and before it marked, the mail is sent again when its claim has lapsed. It has the
same Message-ID, so mail programs show it once.
"""

import logging
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string

from accounts.models import User
from bookings.models import Booking, Notice
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now
from shows.models import Show

from .mail_failures import Failure, Refusal, refusal_of, refusal_to_connect

log = logging.getLogger(__name__)

# Longer than CELERY_TASK_TIME_LIMIT, so no claim lapses while its sender runs.
CLAIM = timedelta(minutes=3)
# After this time a run starts no other mail; the next run continues.
RUN_SECONDS = 60
# After this many failures of the server in a row a run ends.
SERVER_FAILURES = 3
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=6)
# The longest pause after a failure of the server itself.
LONGEST_SERVER_RETRY = timedelta(minutes=5)
# As long as mail servers themselves try (RFC 5321, 4.5.4.1).
GIVE_UP_AFTER = timedelta(days=5)
TEMPLATES = {
    Notice.Kind.SHOW_CANCELLED: "show_cancelled",
    Notice.Kind.SHOW_MOVED: "show_moved",
}


@dataclass(slots=True)
class Sent:
    """The number of mails that one run sent, and that failed."""

    sent: int = 0
    failed: int = 0


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


def send_due() -> Sent:
    """Send the due mails, for at most RUN_SECONDS; returns how many were sent and failed.

    A failed mail is tried again after growing pauses, or given up if it can't succeed.
    """
    done = Sent()
    server_failures = 0
    Notice.objects.of_lost_holds().delete()
    ends = time.monotonic() + RUN_SECONDS
    connection = get_connection()
    try:
        while notice := claim_next():
            refusal = deliver(notice, connection)
            if refusal is None:
                note_sent(notice)
                done.sent += 1
            else:
                note_failure(notice, refusal)
                done.failed += 1
            failed = refusal is not None and refusal.failure is Failure.SERVER
            server_failures = server_failures + 1 if failed else 0
            if server_failures == SERVER_FAILURES or time.monotonic() >= ends:
                break
    finally:
        with suppress(Exception):  # Every mail was sent or marked before.
            connection.close()
    if done.sent or done.failed:
        log.info("notices: %s sent, %s failed", done.sent, done.failed)
    return done


def claim_next() -> Notice | None:
    """Claim the oldest due, unclaimed mail and count the try. None if no mail is due."""
    with transaction.atomic():
        now = database_now()
        notice = (
            Notice.objects.select_for_update(skip_locked=True, of=("self",))
            .due(at=now)
            .with_person_and_show()
            .order_by("next_try_at", "pk")
            .first()
        )
        if notice is not None:
            notice.attempts += 1
            notice.claimed_until = now + CLAIM
            notice.save(update_fields=["attempts", "claimed_until"])
    return notice


def deliver(notice: Notice, connection: BaseEmailBackend) -> Refusal | None:
    """Send a claimed mail, outside of any transaction; returns the failure, or None.

    Raises nothing, because an error of one mail must not stop the others.
    """
    # A closed account has no email address any more.
    if not notice.user.is_active:
        return None
    try:
        connection.open()
    except Exception as error:
        refusal = refusal_to_connect(error)
    else:
        try:
            compose(notice, connection).send()
            return None
        except Exception as error:
            refusal = refusal_of(error, notice.user.email)
            if refusal.failure is Failure.TEMPORARY and not isinstance(error, OSError):
                log.exception("notice %s could not be written", notice.pk)
    log.warning(
        "notice %s could not be sent (%s): %s", notice.pk, refusal.failure.value, refusal.reason
    )
    _close_without_quit(connection)
    return refusal


def note_sent(notice: Notice) -> None:
    """Mark a mail as sent, even if its claim lapsed and another sender has given it up."""
    Notice.objects.filter(pk=notice.pk, sent_at=None).update(
        sent_at=database_now(), claimed_until=None, given_up_at=None, last_error=""
    )


def note_failure(notice: Notice, refusal: Refusal) -> None:
    """End the claim and set the time of the next try, or give the mail up."""
    now = database_now()
    is_old = now - notice.created_at >= GIVE_UP_AFTER
    gives_up = refusal.failure is Failure.PERMANENT or is_old
    longest = LONGEST_SERVER_RETRY if refusal.failure is Failure.SERVER else LONGEST_RETRY
    # Write nothing if the claim lapsed and another sender has claimed the mail.
    Notice.objects.filter(pk=notice.pk, claimed_until=notice.claimed_until, sent_at=None).update(
        claimed_until=None,
        given_up_at=now if gives_up else None,
        next_try_at=now + min(_pause(notice.attempts), longest),
        last_error=refusal.reason,
    )


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
