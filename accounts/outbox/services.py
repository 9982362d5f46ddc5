"""Writes messages, in the transaction of the change that they are about; they are sent later."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from accounts.models import User
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now

from .models import ENDS, LONGEST_KEY, WAITING, Channel, Message, State
from .nudging import nudge
from .registry import kind_of

__all__ = ["NewMessage", "clear_old_messages", "drop_for", "mark_handled", "nudge", "send_again"]
__all__ += ["write", "write_many"]

# How long messages that ended are kept, about as long as shows before they are archived.
KEEP = timedelta(days=180)
# At most this many old messages are deleted by one statement, so that none takes long.
AT_ONCE = 5_000
# Sorted by key, so that two writers of the same keys wait for each other in one order. A trigger
# leaves out messages whose key exists (`models.MessageKey`).
INSERT = """
    INSERT INTO outbox_message (channel, kind, key, user_id, address, show, booking, data, priority,
                                due_at, next_try_at, expires_at)
    SELECT channel, kind, key, user_id, address, show, booking, data, priority,
           coalesce(due_at, now()), coalesce(due_at, now()), expires_at
    FROM jsonb_to_recordset(%s::jsonb) AS given (
        channel text, kind text, key text, user_id bigint, address text, show bigint,
        booking bigint, data jsonb, priority smallint, due_at timestamptz,
        expires_at timestamptz
    )
    ORDER BY key
"""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to write; the fields are those of Message."""

    kind: str
    key: str
    user: User | int | None = None
    address: str = ""
    show_id: int | None = None
    booking_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    expires_at: datetime | None = None
    channel: Channel = Channel.MAIL

    def row(self) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "kind": self.kind,
            "key": self.key,
            "user_id": self.user.pk if isinstance(self.user, User) else self.user,
            "address": self.address,
            "show": self.show_id,
            "booking": self.booking_id,
            "data": self.data,
            "priority": kind_of(self.kind, self.channel).priority,
            # Django's encoder would cut off the microseconds.
            "due_at": self.due_at and self.due_at.isoformat(),
            "expires_at": self.expires_at and self.expires_at.isoformat(),
        }


def write(
    kind: str,
    *,
    key: str,
    user: User | int | None = None,
    address: str = "",
    show_id: int | None = None,
    booking_id: int | None = None,
    data: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    channel: Channel = Channel.MAIL,
) -> bool:
    """Write one message, in the caller's transaction. False: the key exists, nothing is written.

    `user` is a person or their id. `due_at`: not to be sent before; None is now.
    Raises UnknownKind.
    """
    message = NewMessage(
        kind=kind,
        key=key,
        user=user,
        address=address,
        show_id=show_id,
        booking_id=booking_id,
        data=data or {},
        due_at=due_at,
        expires_at=expires_at,
        channel=channel,
    )
    return write_many([message]) == 1


def write_many(messages: Iterable[NewMessage]) -> int:
    """Write messages with one statement, in the caller's transaction; returns how many are new.

    Raises UnknownKind.
    """
    rows = [message.row() for message in messages]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [json.dumps(rows, cls=DjangoJSONEncoder)])
        written = cursor.rowcount
    if written:
        for channel in {row["channel"] for row in rows if row["due_at"] is None}:
            transaction.on_commit(partial(nudge, channel), robust=True)
    return written


def send_again(message: Message, *, by: User) -> bool:
    """Make a message due now, with an audit line; a message that was sent is written again.

    `by` is the member of staff, or the customer. A copy of a sent message has its own Message-ID,
    so that mail programs show it. False, and nothing is done: its time has passed.
    """
    with transaction.atomic():
        found = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        now = database_now()
        if found.expires_at and found.expires_at <= now:
            return False
        audit.record(by=by, about=found, what="Message to be sent again.")
        if found.sent_at is None:
            Message.objects.filter(pk=found.pk).update(
                **dict.fromkeys(ENDS.values()), handled_by=None, due_at=now, next_try_at=now
            )
        else:
            found.pk, found.key = None, f"{found.key[: LONGEST_KEY - 40]}:again:{uuid.uuid4().hex}"
            for name in (*ENDS.values(), "claimed_until"):
                setattr(found, name, None)
            found.attempts, found.last_error = 0, ""
            found.created_at = found.due_at = found.next_try_at = now
            found.save(force_insert=True)
        transaction.on_commit(partial(nudge, Channel(found.channel)), robust=True)
    return True


def mark_handled(message: Message, *, by: User, reason: str) -> bool:
    """Staff have told the person another way: the message is not sent any more. Writes an audit
    line with the reason. False, and nothing is done: it was sent, or is handled already.
    """
    with transaction.atomic():
        found = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        if found.state in (State.SENT, State.HANDLED):
            return False
        audit.record(by=by, about=found, what=f"Message marked as handled ({reason}).")
        Message.objects.filter(pk=found.pk).update(
            **{**dict.fromkeys(ENDS.values()), "handled_at": database_now()},
            handled_by=by,
            claimed_until=None,
        )
    return True


def drop_for(user: User) -> int:
    """For the deletion of an account: drop what waits, and forget the addresses of all messages.

    Returns how many messages were dropped.
    """
    mine = Message.objects.filter(user=user)
    with transaction.atomic():
        dropped = mine.waiting().update(
            dropped_at=database_now(), claimed_until=None, last_error="The account is closed."
        )
        mine.exclude(address="").update(address="")
    return dropped


def clear_old_messages() -> int:
    """Delete messages that ended over KEEP ago, in batches; returns how many.

    Those about a show stay: `archive_bookings` deletes them with the show. A message that was given
    up stays until staff have handled it.
    """
    old = Message.objects.filter(created_at__lt=database_now() - KEEP, show=None, given_up_at=None)
    ended = old.exclude(WAITING).order_by("created_at")
    cleared = 0
    while count := Message.objects.filter(pk__in=ended.values("pk")[:AT_ONCE]).delete()[0]:
        cleared += count
    return cleared
