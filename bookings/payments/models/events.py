"""Events that providers sent. Only what is needed to look at the payment again, never the body."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from bookmyshow.core.db.in_show import ForeignKeyInShow
from shows.models import Show

from .payment import Payment


class ProviderEvent(models.Model):
    """A webhook whose signature was right. It is a hint: the payment is fetched, not believed."""

    provider = models.CharField(max_length=20)
    # A provider that sends no id is known by the hash of the body alone.
    event_id = models.CharField(max_length=255, blank=True)
    body_hash = models.CharField(max_length=64, help_text="SHA-256 of the body.")
    kind = models.CharField(max_length=100)
    object_reference = models.CharField(
        max_length=255, blank=True, help_text="The payment it is about, as the provider names it."
    )
    # The show of `payment`. The event itself belongs to no show: it comes before anybody knows.
    show = models.ForeignKey(
        Show,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    payment = ForeignKeyInShow(
        Payment, on_delete=models.SET_NULL, null=True, blank=True, related_name="events"
    )
    created_at = models.DateTimeField(null=True, blank=True, help_text="By the provider's clock.")
    received_at = models.DateTimeField(db_default=Now())
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-received_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(payment=None) | Q(show__isnull=False),
                name="payments_providerevent_show_known",
            ),
            models.UniqueConstraint(
                fields=("provider", "event_id"),
                condition=~Q(event_id=""),
                name="providerevent_id_unique",
            ),
            models.UniqueConstraint(
                fields=("provider", "body_hash"), name="providerevent_body_unique"
            ),
        )
        indexes = (
            models.Index(
                fields=("received_at",),
                condition=Q(handled_at__isnull=True),
                name="providerevent_waiting",
            ),
            models.Index(fields=("received_at",), name="providerevent_received_at"),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"
