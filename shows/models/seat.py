"""The seats of a show."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Concat, Now

from accounts.models import User
from bookmyshow.core.db.in_show import ForeignKeyInShow, OfShow
from bookmyshow.core.time import DatabaseClock
from shows.seating import plan as seating

from .show import Show, lapsed_hold


class SeatQuerySet(models.QuerySet["Seat"]):
    def in_plan_order(self) -> "SeatQuerySet":
        """Order by row from front to back, then by place from left to right."""
        return self.order_by("position")

    def with_holder(self) -> "SeatQuerySet":
        """Annotate each seat with its booking's status and expiry, and with the database's time."""
        return self.annotate(
            now=DatabaseClock(),
            holder_status=F("booking__status"),
            holder_expires_at=F("booking__expires_at"),
        )

    def free(self, *, at: datetime) -> "SeatQuerySet":
        """Seats that can be held at the time `at`: without a booking, or of a lapsed hold."""
        return self.filter(Q(booking=None) | lapsed_hold(at, "booking__"))

    def held_by(self, user: User, show_id: int) -> "SeatQuerySet":
        """The seats of this user's hold at a show, unless it has lapsed by the database's clock."""
        return self.filter(
            show_id=show_id,
            booking__user=user,
            booking__status="PENDING",
            booking__expires_at__gt=Now(),
        ).in_plan_order()


class Seat(OfShow):
    """One seat at one show. `booking` is one foreign key, so a seat can't be sold twice."""

    class Type(models.TextChoices):
        STANDARD = seating.STANDARD, "Standard"
        PREMIUM = seating.PREMIUM, "Premium"

    # No index of its own: the unique constraints below have indexes that begin with `show`.
    show = models.ForeignKey(Show, on_delete=models.CASCADE, related_name="seats", db_index=False)
    row = models.CharField(max_length=4)
    number = models.CharField(max_length=6)
    # "C4". If the row's name ends with a digit, a hyphen separates it from the number: "R2-1".
    label = models.GeneratedField(
        expression=Case(
            When(row__regex=r"[0-9]$", then=Concat("row", Value("-"), "number")),
            default=Concat("row", "number"),
        ),
        output_field=models.CharField(max_length=11),
        db_persist=True,
    )
    seat_type = models.CharField(max_length=8, choices=Type, default=Type.STANDARD)
    is_wheelchair = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(help_text="Place in plan order, from 0.")
    x = models.PositiveSmallIntegerField(help_text="Half seats from the left of the drawing.")
    y = models.PositiveSmallIntegerField(help_text="Half seats from the front of the drawing.")
    booking = ForeignKeyInShow(
        "bookings.Booking",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="live_seats",
        db_index=False,
        help_text="The live booking that has this seat; empty when it is free.",
    )

    objects = SeatQuerySet.as_manager()

    # Set by `with_holder`.
    if TYPE_CHECKING:
        now: datetime
        holder_status: str | None
        holder_expires_at: datetime | None

    class Meta:
        ordering = ("show", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("show", "row", "number"), name="seat_unique_row_number_in_show"
            ),
            models.UniqueConstraint(fields=("show", "label"), name="seat_unique_label_in_show"),
            models.CheckConstraint(
                condition=Q(seat_type__in=["standard", "premium"]), name="seat_type_known"
            ),
            models.CheckConstraint(
                condition=~Q(row="") & ~Q(number=""), name="seat_row_and_number_not_empty"
            ),
        )
        indexes = (
            models.Index(
                fields=("booking",), condition=Q(booking__isnull=False), name="seat_of_booking"
            ),
            models.Index(
                fields=("show",), condition=Q(is_wheelchair=True), name="seat_wheelchair_of_show"
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def holder_lapsed(self) -> bool:
        """Whether the seat's booking is a lapsed hold. Only for seats read `with_holder`."""
        return (
            self.holder_status == "PENDING"
            and self.holder_expires_at is not None
            and self.holder_expires_at <= self.now
        )
