"""Kinds of push messages, and how an app writes them.

A message is a row of the outbox for each browser that a person subscribed with. So one browser that
can't be reached delays nothing else, and each row has its own tries.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.outbox import registry
from accounts.outbox.models import Channel, Message, Priority
from accounts.outbox.registry import Drop, Later
from accounts.outbox.services import NewMessage, write_many

from .content import Content
from .keys import server_key
from .models import Subscription, Topic

#: In `Message.data`: the browser.
SUBSCRIPTION = "subscription"

Compose = Callable[[Message], Content | Later | Drop]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message that is ready to be encrypted for its browser."""

    subscription: Subscription
    content: Content


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a person may want to be told. `key` names the event and the person.

    `due_at`: not to be sent before; None is now. After `expires_at` nothing is sent.
    `subscribed_by`: browsers that subscribed later are not told.
    """

    kind: str
    key: str
    user_id: int
    expires_at: datetime
    show_id: int | None = None
    booking_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    subscribed_by: datetime | None = None


def register_kind(
    kind: str, *, label: str, topic: Topic, compose: Compose, priority: Priority
) -> None:
    """Register a kind of push message. `compose` reads everything again: it may be out of date."""

    def compose_parcel(message: Message) -> Parcel | Later | Drop:
        found = Subscription.objects.filter(pk=message.data[SUBSCRIPTION]).first()
        key = server_key()
        if found is None or found.user_id != message.user_id or not getattr(found, topic):
            return Drop("This browser is not to be told any more.")
        if key is None:
            return Drop("The site has no key for web push.")
        if found.server_key != key.name:
            found.delete()
            return Drop("The browser subscribed with another key of this site.")
        content = compose(message)
        return Parcel(found, content) if isinstance(content, Content) else content

    registry.register(
        kind, label=label, compose=compose_parcel, priority=priority, channel=Channel.PUSH
    )


def write_events(events: Iterable[Event], *, topic: Topic) -> int:
    """Write a message for each browser that is to be told, in the caller's transaction.

    Two statements, whatever the number of events; returns how many messages are new. An event that
    was written before is not written again.
    """
    given = list(events)
    people = {event.user_id for event in given}
    if not people:
        return 0
    browsers: dict[int, list[tuple[int, datetime]]] = {}
    wanted = Subscription.objects.filter(user__in=people, **{topic.value: True})
    for pk, user_id, since in wanted.order_by("pk").values_list("pk", "user_id", "created_at"):
        browsers.setdefault(user_id, []).append((pk, since))
    return write_many(
        NewMessage(
            kind=event.kind,
            key=f"{event.key}:{browser}",
            user=event.user_id,
            show_id=event.show_id,
            booking_id=event.booking_id,
            data={**event.data, SUBSCRIPTION: browser},
            due_at=event.due_at,
            expires_at=event.expires_at,
            channel=Channel.PUSH,
        )
        for event in given
        for browser, since in browsers.get(event.user_id, ())
        if event.subscribed_by is None or since <= event.subscribed_by
    )
