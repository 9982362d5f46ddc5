"""Browsers that get push messages for a person (docs/spec.md §21.2)."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User

LONGEST_ENDPOINT = 1000


class Topic(models.TextChoices):
    """What a person can be told about. Each is a boolean field of Subscription."""

    HOLD = "hold", "30 seconds before my hold ends"
    SHOW = "show", "2 hours before my show starts"
    MOVED = "moved", "If my show is moved or cancelled"


#: The topics in a person's list of browsers.
SHORT = {
    Topic.HOLD: "holds that end",
    Topic.SHOW: "shows that start",
    Topic.MOVED: "shows that change",
}


class Subscription(models.Model):
    """One browser of one person: where the browser's push service takes messages for it.

    Two persons may share a browser (a guest who logs in later), so an endpoint may have a row for
    each of them. `device` names the browser: the SHA-256 of its endpoint. The endpoint itself is a
    secret: with it and the keys anybody could send messages.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="push_subscriptions")
    device = models.CharField(max_length=64, editable=False)
    endpoint = models.CharField(max_length=LONGEST_ENDPOINT, editable=False)
    # The browser's public key and its secret, in base64url (RFC 8291).
    p256dh = models.CharField(max_length=88, editable=False)
    auth = models.CharField(max_length=24, editable=False)
    # Which of our keys the browser accepts (keys.ServerKey.name).
    server_key = models.CharField(max_length=16, editable=False)
    name = models.CharField(max_length=60, help_text="Such as Chrome on Android.")
    hold = models.BooleanField()
    show = models.BooleanField()
    moved = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now())
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("device", "user"), name="push_subscription_once_per_browser_and_person"
            ),
            models.CheckConstraint(
                condition=Q(hold=True) | Q(show=True) | Q(moved=True),
                name="push_subscription_has_a_topic",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def topics(self) -> list[Topic]:
        return [topic for topic in Topic if getattr(self, topic)]

    @property
    def topic_words(self) -> str:
        """holds that end, shows that start"""
        return ", ".join(SHORT[topic] for topic in self.topics)
