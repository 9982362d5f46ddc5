"""Writes messages, in the transaction of the change that they are about; they are sent later."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from accounts.models import User

from .models import Channel
from .nudging import nudge
from .registry import kind_of

__all__ = ["NewMessage", "nudge", "write", "write_many"]

# Sorted by key, so that two writers of the same keys wait for each other in one order.
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
    ON CONFLICT (key) DO NOTHING
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
            "due_at": self.due_at,
            "expires_at": self.expires_at,
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
