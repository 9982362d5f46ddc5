"""Sends the mails that are due, and decides when a failed one is tried again or given up.

A sender claims a mail in a short transaction. Then it sends the mail outside of any transaction,
because a mail server may be slow. Last, it marks the mail as sent or failed. Any number of senders
may run at once. If a sender is killed after sending and before marking, the mail is sent again when
its claim has lapsed. It has the same Message-ID, so mail programs can show it once.
"""

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from bookings.models import Notice
from bookmyshow.core.time import database_now

from .mail_failures import Failure, Refusal, refusal_of, refusal_to_connect
from .mails import compose

log = logging.getLogger(__name__)

# Longer than CELERY_TASK_TIME_LIMIT, so no claim lapses while its sender runs.
CLAIM = timedelta(minutes=3)
# After this time a run starts no other mail; the next run continues.
RUN_SECONDS = 60
# A run ends after this many failures in a row that concern every mail (Failure.SERVER).
SERVER_FAILURES = 3
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=6)
# The longest pause after a failure that concerns every mail.
LONGEST_SERVER_RETRY = timedelta(minutes=5)
# Mail servers themselves try for about as long: at least 4 to 5 days (RFC 5321, 4.5.4.1).
GIVE_UP_AFTER = timedelta(days=5)


@dataclass(slots=True)
class Sent:
    """How many mails of one run were sent, and how many failed."""

    sent: int = 0
    failed: int = 0


def send_due() -> Sent:
    """Send the due mails, for at most RUN_SECONDS; returns how many were sent and failed.

    A failed mail is tried again after growing pauses. It is given up after a permanent failure, or
    after GIVE_UP_AFTER.
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
        with suppress(Exception):  # The result of each mail is saved by now.
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
    # A closed account has no email address any more; its mail counts as sent.
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
            # An error of ours, for example in a template: log its traceback. Errors of smtplib and
            # of the network are OSErrors.
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


def _pause(attempts: int) -> timedelta:
    return min(FIRST_RETRY * 2 ** min(attempts - 1, 12), LONGEST_RETRY)


def _close_without_quit(connection: BaseEmailBackend) -> None:
    """Close the connection without QUIT, because Django's `close` waits for the answer to QUIT."""
    for name in ("connection", "_partial_connection"):
        if smtp := getattr(connection, name, None):
            smtp.close()
    with suppress(Exception):
        connection.close()
