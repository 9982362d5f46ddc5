"""Sends the messages that are due, and decides when a failed one is tried again or given up.

A sender claims a message in a short transaction. Then it sends the message outside of any
transaction, because a server may be slow. Last, it marks the message. Any number of senders may run
at once. If a sender is killed after sending and before marking, the message is sent again when its
claim has lapsed. Such a mail has the same Message-ID, so mail programs can show it once.
"""

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from bookmyshow.core.time import database_now

from .failures import Failure, Refusal, words_of
from .models import Channel, Message, Priority
from .registry import Drop, Later, Sender, UnknownKind, kind_of, new_sender

log = logging.getLogger(__name__)

# Longer than CELERY_TASK_TIME_LIMIT, so no claim lapses while its sender runs.
CLAIM = timedelta(minutes=3)
# After this time a run starts no other message; the next run continues.
RUN_SECONDS = 60
# A run ends after this many failures in a row that concern every message (Failure.SERVER).
SERVER_FAILURES = 3
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=6)
# The longest pause after a failure that concerns every message.
LONGEST_SERVER_RETRY = timedelta(minutes=5)
# Mail servers themselves try for about as long: at least 4 to 5 days (RFC 5321, 4.5.4.1).
GIVE_UP_AFTER = timedelta(days=5)
# A message that can't be written yet is not looked at again before this.
SHORTEST_LATER = timedelta(seconds=1)
# Of eight messages, six are the most urgent ones. One is a message of normal priority and one of
# the last priority, if such are due: an endless stream of tickets delays reminders, but does not
# stop them.
_leads = cycle([0, 0, 0, 1, 0, 0, 0, 2])

#: None: the message was sent.
Outcome = Refusal | Later | Drop | None


@dataclass(slots=True)
class Sent:
    """How many messages of one run were sent, failed, and were dropped as not needed any more."""

    sent: int = 0
    failed: int = 0
    dropped: int = 0
    #: The run ended early, because the server accepts no message.
    is_refused: bool = False


def send_due(channel: Channel = Channel.MAIL) -> Sent:
    """Send the due messages of a channel, for at most RUN_SECONDS.

    A failed message is tried again after growing pauses. It is given up after a permanent failure,
    or after GIVE_UP_AFTER.
    """
    done, begins = Sent(), time.monotonic()
    server_failures = 0
    sender = new_sender(channel)
    if sender is None:
        return done
    try:
        while message := claim_next(channel):
            outcome = deliver(message, sender)
            _note(message, outcome, done)
            failed = isinstance(outcome, Refusal) and outcome.failure is Failure.SERVER
            server_failures = server_failures + 1 if failed else 0
            done.is_refused = server_failures == SERVER_FAILURES
            if done.is_refused or time.monotonic() - begins >= RUN_SECONDS:
                break
    finally:
        with suppress(Exception):  # The result of each message is saved by now.
            sender.close()
    if done != Sent():
        log.info(
            "%s: %s sent, %s failed, %s dropped in %.1f s",
            *(channel, done.sent, done.failed, done.dropped, time.monotonic() - begins),
        )
    return done


def claim_next(channel: Channel = Channel.MAIL) -> Message | None:
    """Claim the next due, unclaimed message and count the try. None if none is due.

    The most urgent comes first, and of these the one that has been due longest. Some turns begin
    with another priority (`_leads`).
    """
    lead = next(_leads)
    with transaction.atomic():
        now = database_now()
        due = (
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .due(at=now, channel=channel)
            .select_related("user")
            .order_by("next_try_at", "pk")
        )
        for priority in sorted(Priority.values, key=lambda each: (each != lead, each)):
            message = due.filter(priority=priority).first()
            if message is not None:
                message.attempts += 1
                message.claimed_until = now + CLAIM
                message.save(update_fields=["attempts", "claimed_until"])
                return message
    return None


def deliver(message: Message, sender: Sender) -> Outcome:
    """Write and send a claimed message, outside of any transaction.

    Raises nothing, because an error of one message must not stop the others.
    """
    if why := _why_not(message):
        return Drop(why)
    try:
        content = kind_of(message.kind, message.channel).compose(message)
    except Exception as error:
        log.exception("message %s could not be written", message.pk)
        is_slow = isinstance(error, SoftTimeLimitExceeded)
        return Refusal(Failure.SERVER if is_slow else Failure.TEMPORARY, words_of(error))
    if isinstance(content, Later | Drop):
        return content
    refusal = _send(message, content, sender)
    if isinstance(refusal, Refusal):
        log.warning(
            "message %s could not be sent (%s): %s",
            *(message.pk, refusal.failure.value, refusal.reason),
        )
    if refusal is not None:
        sender.drop_connection()
    return refusal


def _why_not(message: Message) -> str:
    """Why a message is not needed any more, whatever it says. Empty if it is needed."""
    claimed_at = _claimed_at(message)
    if message.expires_at and message.expires_at <= claimed_at:
        return "Its time has passed."
    if message.user and not message.user.is_active and not message.address:
        return "The account is closed."
    if message.channel == Channel.MAIL and not message.recipient:
        return "There is no address."
    return ""


def _claimed_at(message: Message) -> datetime:
    assert message.claimed_until is not None
    return message.claimed_until - CLAIM


def _send(message: Message, content: Any, sender: Sender) -> Refusal | Drop | None:
    try:
        sender.open()
    except Exception as error:
        refusal = sender.refusal(error, message)
        reason = refusal.reason if isinstance(refusal, Refusal) else words_of(error)
        return Refusal(Failure.SERVER, reason)
    try:
        sender.send(message, content)
    except Exception as error:
        refusal = sender.refusal(error, message)
        is_temporary = isinstance(refusal, Refusal) and refusal.failure is Failure.TEMPORARY
        # An error of ours: log its traceback. Errors of smtplib and of the network are OSErrors.
        if is_temporary and not isinstance(error, OSError):
            log.exception("message %s could not be sent", message.pk)
        return refusal
    return None


def _note(message: Message, outcome: Outcome, done: Sent) -> None:
    match outcome:
        case None:
            note_sent(message)
            done.sent += 1
        case Refusal():
            note_failure(message, outcome)
            done.failed += 1
        case Drop():
            _note_dropped(message, outcome)
            done.dropped += 1
        case Later():
            soonest = database_now() + SHORTEST_LATER
            at = max(outcome.at, soonest)
            _end_claim(message, due_at=at, next_try_at=at, attempts=message.attempts - 1)


@transaction.atomic
def _note_dropped(message: Message, outcome: Drop) -> None:
    """Mark a message as dropped, and tell its app."""
    is_noted = _end_claim(message, dropped_at=database_now(), last_error=outcome.why)
    with suppress(UnknownKind):
        dropped = kind_of(message.kind, message.channel).dropped
        if is_noted and dropped:
            dropped(message)


def note_sent(message: Message) -> None:
    """Mark a message as sent, even if its claim lapsed and it has another end since."""
    Message.objects.filter(pk=message.pk, sent_at=None).update(
        sent_at=database_now(),
        claimed_until=None,
        given_up_at=None,
        dropped_at=None,
        handled_at=None,
        handled_by=None,
        last_error="",
    )


def note_failure(message: Message, refusal: Refusal) -> None:
    """End the claim and set the time of the next try, or give the message up."""
    now = database_now()
    is_old = now - message.due_at >= GIVE_UP_AFTER
    gives_up = refusal.failure is Failure.PERMANENT or is_old
    longest = LONGEST_SERVER_RETRY if refusal.failure is Failure.SERVER else LONGEST_RETRY
    _end_claim(
        message,
        given_up_at=now if gives_up else None,
        next_try_at=now + min(_pause(message.attempts), longest),
        last_error=refusal.reason,
    )


def _end_claim(message: Message, **fields: Any) -> bool:
    """End the claim and set `fields`. Returns whether it was written.

    Nothing is written if another sender claimed the message after this claim lapsed, or if staff
    have ended the message.
    """
    own = Message.objects.waiting().filter(pk=message.pk, claimed_until=message.claimed_until)
    return own.update(claimed_until=None, **fields) > 0


def _pause(attempts: int) -> timedelta:
    return min(FIRST_RETRY * 2 ** min(attempts - 1, 12), LONGEST_RETRY)
