"""Payments: one try to pay an order, with a provider or at the counter."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from bookings.payments.states import PaymentState, may_become
from bookmyshow.core.db.in_show import ForeignKeyInShow, OfShow
from shows.models import Show

from .orders import Order


class PaymentQuerySet(models.QuerySet["Payment"]):
    def to_check(self, *, at: datetime | Now) -> "PaymentQuerySet":
        """Payments that the reconciler must look at now, those that waited longest first."""
        free = Q(claimed_until=None) | Q(claimed_until__lte=at)
        return self.filter(free, next_check_at__lte=at).order_by("next_check_at", "pk")

    def kept(self) -> "PaymentQuerySet":
        """Payments whose money is for their order: taken, or being taken."""
        return self.filter(
            state__in=[PaymentState.CAPTURE_DUE, PaymentState.CAPTURED], surplus=False
        )

    def to_review(self) -> "PaymentQuerySet":
        """Payments that a person must look at."""
        return self.filter(Q(state=PaymentState.REVIEW) | ~Q(review=""))


class Payment(OfShow):
    """One try to pay an order. Its state changes only under its lock, and only forward.

    A provider's call is made after the commit of the row that announces it, and finished by a
    second transaction (`settlement/observe.py`).
    """

    State = PaymentState

    class Method(models.TextChoices):
        UNKNOWN = "", "Online"
        CASH = "cash", "Cash"
        CARD = "card", "Card at the counter"
        OTHER = "other", "Other"

    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    show = models.ForeignKey(
        Show, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    order = ForeignKeyInShow(Order, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(
        max_length=20, help_text="stripe, razorpay, sandbox, sandbox-razorpay or counter."
    )
    method = models.CharField(max_length=8, choices=Method, blank=True)
    amount = models.BigIntegerField(help_text="In the currency's minor unit.")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=11, choices=PaymentState, default=PaymentState.CREATED)
    reference = models.CharField(
        max_length=255, blank=True, help_text="The provider's session or order."
    )
    charge = models.CharField(max_length=255, blank=True, help_text="The provider's payment.")
    checkout_url = models.TextField(blank=True, help_text="The provider's page for the buyer.")
    checkout_form = models.JSONField(
        null=True, blank=True, help_text="The fields to post there, if a link is not enough."
    )
    captured = models.BigIntegerField(default=0, help_text="What was really taken.")
    surplus = models.BooleanField(
        default=False,
        help_text="The money is not for the order (late, twice, a wrong amount): all of it goes "
        "back.",
    )
    next_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When the reconciler looks; empty: never again."
    )
    checks = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(
        max_length=200, blank=True, help_text="Why the last try failed, in the provider's code."
    )
    review = models.CharField(
        max_length=300, blank=True, help_text="Why a person must look; empty: nobody must."
    )
    taken_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who took the money at the counter.",
    )
    created_at = models.DateTimeField(db_default=Now())
    opened_at = models.DateTimeField(null=True, blank=True)
    captured_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(db_default=Now())

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        permissions = (
            ("check_payment", "Can have a payment compared with the provider"),
            ("review_payment", "Can close the review of a payment"),
        )
        constraints = (
            models.UniqueConstraint(fields=("uuid", "show"), name="payments_payment_uuid_key"),
            models.UniqueConstraint(
                fields=("order", "show"),
                condition=Q(state__in=["CREATED", "OPEN"]),
                name="payment_one_open_per_order",
            ),
            models.UniqueConstraint(
                fields=("order", "show"),
                condition=Q(state__in=["CAPTURE_DUE", "CAPTURED"], surplus=False),
                name="payment_one_kept_per_order",
            ),
            models.UniqueConstraint(
                fields=("provider", "reference", "show"),
                condition=~Q(reference=""),
                name="payment_reference_unique",
            ),
            models.UniqueConstraint(
                fields=("provider", "charge", "show"),
                condition=~Q(charge=""),
                name="payment_charge_unique",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PaymentState.values), name="payment_state_known"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="payment_currency_form"
            ),
            models.CheckConstraint(
                condition=Q(state="CAPTURED", captured__gt=0, captured_at__isnull=False)
                | (~Q(state="CAPTURED") & Q(captured=0, captured_at__isnull=True)),
                name="payment_captured_with_amount",
            ),
            # Money of another amount is never kept: it is surplus, and goes back.
            models.CheckConstraint(
                condition=~Q(state="CAPTURED") | Q(surplus=True) | Q(captured=F("amount")),
                name="payment_keeps_what_was_asked",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_check_at",),
                condition=Q(next_check_at__isnull=False),
                name="payment_to_check",
            ),
            models.Index(
                fields=("state", "updated_at"),
                condition=~Q(state__in=["CAPTURED", "CANCELLED", "VOIDED"]),
                name="payment_not_final",
            ),
            models.Index(fields=("updated_at",), condition=~Q(review=""), name="payment_to_review"),
            models.Index(fields=("captured_at",), name="payment_captured_at"),
            # For the takings.
            models.Index(
                fields=("show",), condition=Q(state="CAPTURED"), name="payment_taken_of_show"
            ),
            models.Index(
                fields=("captured_at",),
                condition=Q(provider="counter"),
                name="payment_at_counter",
            ),
            models.Index(fields=("created_at",), name="payment_created_at"),
        )

    def __str__(self) -> str:
        return f"{self.order_id}: {self.provider}, {self.get_state_display()}"

    def move_to(self, state: PaymentState) -> None:
        """Change the state in memory; the caller has the lock and saves.

        Raises ValueError if the change is not in `states.PAYMENT_MAY_BECOME`.
        """
        if not may_become(PaymentState(self.state), state):
            raise ValueError(f"payment {self.pk}: {self.state} can't become {state}")
        self.state = state
