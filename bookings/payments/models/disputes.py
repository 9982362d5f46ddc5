"""Disputes (chargebacks): the buyer's bank asks for the money back."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from bookmyshow.core.db.in_show import ForeignKeyInShow, OfShow
from shows.models import Show

from .payment import Payment


class Dispute(OfShow):
    """A dispute as the provider told it last. While it is open, nothing is refunded."""

    class State(models.TextChoices):
        NEEDS_RESPONSE = "needs_response", "Needs an answer"
        UNDER_REVIEW = "under_review", "Being decided"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        CLOSED = "closed", "Closed"

    show = models.ForeignKey(
        Show, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    payment = ForeignKeyInShow(Payment, on_delete=models.PROTECT, related_name="disputes")
    provider = models.CharField(max_length=20)
    reference = models.CharField(max_length=255)
    amount = models.BigIntegerField(help_text="In the currency's minor unit.")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=14, choices=State)
    reason = models.CharField(max_length=100, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="The last moment to answer.")
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("provider", "reference", "show"), name="dispute_once"),
            models.CheckConstraint(
                condition=Q(state__in=["needs_response", "under_review", "won", "lost", "closed"]),
                name="dispute_state_known",
            ),
        )
        indexes = (
            models.Index(
                fields=("due_at",),
                condition=Q(state__in=["needs_response", "under_review"]),
                name="dispute_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.reference}, {self.get_state_display()}"
