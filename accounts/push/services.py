"""A person's browsers: subscribe, change what they are told, unsubscribe."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction

from accounts.models import User

from .browsers import device_name
from .endpoints import BadEndpoint, parse_endpoint
from .errors import InvalidSubscription, NotSubscribed, PushIsOff
from .keys import decoded, server_key
from .models import Subscription, Topic

# Browsers of one person. One more takes the place of the oldest.
MOST_SUBSCRIPTIONS = 10
SECRET_BYTES = 16


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser says about its subscription (the names are those of RFC 8291)."""

    endpoint: str
    p256dh: str
    auth: str

    def check(self) -> None:
        """Raises InvalidSubscription unless messages can be encrypted for it and sent to it."""
        try:
            parse_endpoint(self.endpoint)
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(self.p256dh))
            secret = decoded(self.auth)
        except BadEndpoint as error:
            raise InvalidSubscription(
                f"The address of your browser's push service {error}."
            ) from error
        except ValueError as error:
            raise InvalidSubscription from error
        if len(secret) != SECRET_BYTES:
            raise InvalidSubscription


def subscribe(
    *, user: User, browser: Browser, topics: Iterable[Topic], name: str, here: Iterable[User] = ()
) -> Subscription:
    """Tell a person about these topics on this browser; again: change the topics.

    `here` are the people whose bookings this browser may see. What anybody else was told on it
    ends. Raises InvalidSubscription (bad values, or no topic), PushIsOff.
    """
    key = server_key()
    if key is None:
        raise PushIsOff
    browser.check()
    chosen = set(topics)
    if not chosen:
        raise InvalidSubscription("Choose at least one thing to be told about.")
    device = device_name(browser.endpoint)
    with transaction.atomic():
        Subscription.objects.filter(device=device).exclude(
            user__in=[user.pk, *(person.pk for person in here)]
        ).delete()
        found, _ = Subscription.objects.update_or_create(
            user=user,
            device=device,
            defaults={
                "endpoint": browser.endpoint,
                "p256dh": browser.p256dh.rstrip("="),
                "auth": browser.auth.rstrip("="),
                "server_key": key.name,
                "name": name[:60],
                "failing_since": None,
                **{topic.value: topic in chosen for topic in Topic},
            },
        )
        own = Subscription.objects.filter(user=user)
        newest = list(own.values_list("pk", flat=True)[:MOST_SUBSCRIPTIONS])
        own.exclude(pk__in=[found.pk, *newest]).delete()
    return found


def renew(*, device: str, browser: Browser) -> str:
    """A browser has renewed its subscription by itself: what it is told, it is told there.

    `device` is the name that the browser had; returns its new one. Raises InvalidSubscription,
    PushIsOff, and NotSubscribed if nobody is told anything on it.
    """
    key = server_key()
    if key is None:
        raise PushIsOff
    browser.check()
    renewed = device_name(browser.endpoint)
    with transaction.atomic():
        rows = Subscription.objects.filter(device=device)
        if not rows.select_for_update().order_by("pk").values_list("pk"):
            raise NotSubscribed
        # A page of this browser may have subscribed meanwhile.
        Subscription.objects.filter(device=renewed).exclude(device=device).delete()
        rows.update(
            device=renewed,
            endpoint=browser.endpoint,
            p256dh=browser.p256dh.rstrip("="),
            auth=browser.auth.rstrip("="),
            server_key=key.name,
            failing_since=None,
        )
    return renewed


def change_topics(*, subscription: Subscription, topics: Iterable[Topic]) -> Subscription:
    """Change what a person is told on one browser. Raises InvalidSubscription without a topic."""
    chosen = set(topics)
    if not chosen:
        raise InvalidSubscription("Choose at least one thing to be told about.")
    for topic in Topic:
        setattr(subscription, topic, topic in chosen)
    subscription.save(update_fields=[topic.value for topic in Topic])
    return subscription


def unsubscribe(*, user: User, subscription_id: int | None = None) -> int:
    """End one of a person's subscriptions, or all; returns how many ended."""
    rows = Subscription.objects.filter(user=user)
    if subscription_id is not None:
        rows = rows.filter(pk=subscription_id)
    return rows.delete()[0]


def end_on_other_browsers(*, user: User, device: str) -> None:
    """End a person's messages everywhere but on the browser `device` ("": everywhere)."""
    Subscription.objects.filter(user=user).exclude(device=device).delete()


def subscriptions_of(user: User) -> list[dict[str, Any]]:
    """For the export of a person's data (accounts.export). The endpoint is a secret."""
    return [
        {"browser": row.name, "topics": row.topics, "createdAt": row.created_at}
        for row in user.push_subscriptions.all()
    ]
