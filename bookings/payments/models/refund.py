"""Refunds: money that is owed back to a buyer, one row for each try to pay it back."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from accounts.models import User
from bookings.payments.states import RefundState
from bookmyshow.core.db.in_show import ForeignKeyInShow, OfShow, OneToOneInShow
from shows.models import Show

from .payment import Payment


class RefundQuerySet(models.QuerySet["Refund"]):
    def to_send(self, *, at: datetime | Now) -> "RefundQuerySet":
        """Refunds that a worker must send or look up now, the oldest first."""
        free = Q(claimed_until=None) | Q(claimed_until__lte=at)
        return self.filter(
            free, state__in=[RefundState.DUE, RefundState.SENT], next_try_at__lte=at
        ).order_by("next_try_at", "pk")

    def counted(self) -> "RefundQuerySet":
        """Refunds that reduce what may still be given back: all that didn't fail."""
        return self.exclude(state=RefundState.FAILED)

    def latest_tries(self) -> "RefundQuerySet":
        """Refunds that were not tried again by a newer row.

        With `retry=None` (a LEFT JOIN) the database expects one row, and plans badly for many.
        """
        return self.exclude(Exists(Refund.objects.filter(retry_of=OuterRef("pk"))))


class Refund(OfShow):
    """Money of one payment that goes back. A retry is a new row (`retry_of`).

    A trigger keeps the sum of a payment's refunds, without the failed ones, at or below what was
    captured; another one keeps `amount` and `payment` as they were written.
    """

    State = RefundState

    class Source(models.TextChoices):
        CUSTOMER = "CUSTOMER", "Cancelled by the customer"
        STAFF = "STAFF", "By staff"
        SHOW = "SHOW", "The show was cancelled or moved"
        LATE = "LATE", "Paid too late"
        DUPLICATE = "DUPLICATE", "Paid twice"
        EXTERNAL = "EXTERNAL", "Made at the provider"
        DISPUTE = "DISPUTE", "Charged back"

    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    show = models.ForeignKey(
        Show, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    payment = ForeignKeyInShow(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField(help_text="In the currency's minor unit.")
    state = models.CharField(max_length=9, choices=RefundState, default=RefundState.DUE)
    source = models.CharField(max_length=9, choices=Source)
    reason = models.CharField(max_length=300, blank=True)
    lines = models.JSONField(
        default=list, blank=True, help_text="[order line's id, amount] for each line given back."
    )
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    handed_back_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The clerk out of whose drawer the money went (MANUAL refunds).",
    )
    reference = models.CharField(max_length=255, blank=True, help_text="The provider's refund.")
    retry_of = OneToOneInShow(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="retry"
    )
    next_try_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    failure_code = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        permissions = (
            ("give_refund", "Can give money back, and try a failed refund again"),
            ("settle_refund", "Can say that money was handed back"),
        )
        constraints = (
            models.UniqueConstraint(fields=("uuid", "show"), name="payments_refund_uuid_key"),
            models.CheckConstraint(
                condition=Q(state__in=RefundState.values), name="refund_state_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    source__in=[
                        "CUSTOMER",
                        "STAFF",
                        "SHOW",
                        "LATE",
                        "DUPLICATE",
                        "EXTERNAL",
                        "DISPUTE",
                    ]
                ),
                name="refund_source_known",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["SUCCEEDED", "FAILED"], ended_at__isnull=False)
                | Q(state__in=["DUE", "SENT", "MANUAL"], ended_at__isnull=True),
                name="refund_ended_at_when_ended",
            ),
            models.UniqueConstraint(
                fields=("payment", "reference", "show"),
                condition=~Q(reference=""),
                name="refund_reference_unique",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_try_at",),
                condition=Q(state__in=["DUE", "SENT"]),
                name="refund_to_send",
            ),
            models.Index(
                fields=("state", "created_at"),
                condition=~Q(state="SUCCEEDED"),
                name="refund_not_done",
            ),
            models.Index(fields=("ended_at",), name="refund_ended_at"),
            # For the takings.
            models.Index(fields=("show",), condition=~Q(state="FAILED"), name="refund_of_show"),
        )

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.amount}, {self.get_state_display()}"
