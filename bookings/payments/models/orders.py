"""Orders and their lines: what a booking costs, as it was when the buyer pressed Pay."""

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from bookings.models import CROCKFORD, Booking
from bookings.payments.states import OrderState
from bookmyshow.core.db.in_show import ForeignKeyInShow, OfShow
from shows.models import Cinema, Show


def new_order_reference() -> str:
    """BMO and 12 random characters (60 bits), like a booking's reference."""
    return "BMO" + "".join(secrets.choice(CROCKFORD) for _ in range(12))


class OrderQuerySet(models.QuerySet["Order"]):
    def live(self) -> "OrderQuerySet":
        """Orders that are being paid, paid, or owed. A booking has one of them at most."""
        return self.filter(state__in=[OrderState.OPEN, OrderState.PAID, OrderState.UNPAID])


class Order(OfShow):
    """What one booking costs. Written when its payment begins, never in the hold.

    The facts of show and seats are copied, because the order outlives the archive. `booking` and
    `show` have no constraint in the database for the same reason. If the money came late and the
    same seats were bought again, `booking` is the new booking.
    """

    State = OrderState

    reference = models.CharField(
        max_length=15, default=new_order_reference, editable=False, db_collation="C"
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="orders")
    email = models.EmailField(max_length=254, help_text="Where the receipt goes.")
    booking = models.ForeignKey(
        Booking, on_delete=models.DO_NOTHING, db_constraint=False, related_name="orders"
    )
    booking_reference = models.CharField(max_length=15, db_collation="C")
    show = models.ForeignKey(
        Show, on_delete=models.DO_NOTHING, db_constraint=False, related_name="orders"
    )
    film = models.CharField(max_length=200)
    cinema = models.ForeignKey(Cinema, on_delete=models.PROTECT, related_name="orders")
    cinema_name = models.CharField(max_length=120)
    screen_name = models.CharField(max_length=80)
    starts_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    seats = ArrayField(models.CharField(max_length=11))
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField(help_text="In the currency's minor unit; the sum of the lines.")
    policy = models.CharField(
        max_length=200, blank=True, help_text="The cancellation policy when it was bought."
    )
    state = models.CharField(max_length=9, choices=OrderState, default=OrderState.OPEN)
    pay_until = models.DateTimeField(
        help_text="Then the payment is ended, shortly before the seats are free again."
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("reference", "show"), name="order_reference_unique"),
            models.UniqueConstraint(
                fields=("booking", "show"),
                condition=Q(state__in=["OPEN", "PAID", "UNPAID"]),
                name="order_one_live_per_booking",
            ),
            models.CheckConstraint(
                condition=Q(reference__regex=r"^BMO[0-9A-HJKMNP-TV-Z]{12}$"),
                name="order_reference_form",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OrderState.values), name="order_state_known"
            ),
            models.CheckConstraint(condition=Q(total__gt=0), name="order_total_positive"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="order_currency_form"
            ),
        )
        indexes = (
            models.Index(fields=("pay_until",), condition=Q(state="OPEN"), name="order_open_until"),
            models.Index(fields=("booking_reference",), name="order_of_booking_reference"),
            models.Index(fields=("created_at",), name="order_created_at"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def tz(self) -> ZoneInfo:
        """The cinema's time zone at the time of the order."""
        return ZoneInfo(self.time_zone)

    @property
    def local_start(self) -> datetime:
        """The show's start when it was ordered, on the cinema's clock."""
        return self.starts_at.astimezone(self.tz)


class OrderLine(OfShow):
    """One line of an order. It is never changed or deleted (a trigger refuses it).

    `gross` is what the customer pays for the line; `net` + `tax` = `gross`.
    """

    class Kind(models.TextChoices):
        SEAT = "SEAT", "Seat"
        FEE = "FEE", "Booking fee"

    show = models.ForeignKey(
        Show, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    order = ForeignKeyInShow(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    text = models.CharField(max_length=200)
    seat = models.CharField(max_length=11, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    unit = models.BigIntegerField(help_text="The price of one, with tax.")
    gross = models.BigIntegerField()
    net = models.BigIntegerField()
    tax = models.BigIntegerField()
    tax_basis_points = models.PositiveIntegerField(help_text="1800 is 18 per cent.")
    tax_code = models.CharField(max_length=20, blank=True, help_text="SAC, or the tax office's.")
    tax_name = models.CharField(max_length=40, blank=True)
    tax_components = models.JSONField(
        default=list,
        blank=True,
        help_text="[name, basis points] of each tax in the rate: CGST 900, SGST 900.",
    )

    class Meta:
        ordering = ("order", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("order", "position", "show"), name="orderline_position_unique"
            ),
            models.UniqueConstraint(
                fields=("order", "seat", "show"), condition=~Q(seat=""), name="orderline_seat_once"
            ),
            models.CheckConstraint(
                condition=Q(gross=models.F("net") + models.F("tax")), name="orderline_net_and_tax"
            ),
            models.CheckConstraint(
                condition=Q(gross=models.F("unit") * models.F("quantity")),
                name="orderline_unit_times_quantity",
            ),
            models.CheckConstraint(
                condition=Q(gross__gte=0, net__gte=0, tax__gte=0, quantity__gte=1),
                name="orderline_not_negative",
            ),
        )

    def __str__(self) -> str:
        return self.text
