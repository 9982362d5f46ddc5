"""Bookings: one customer's seats at one show (docs/spec.md §3.6, §4)."""

import secrets
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Func, Q, When
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models import User
from accounts.outbox.models import Channel, Message
from bookmyshow.core.db.in_show import OfShow
from bookmyshow.core.time import DatabaseClock
from shows.models import LONG_COLUMNS, Show, lapsed_hold

# Crockford's base 32 has no I, L, O or U, which are easily confused when a reference is read aloud.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference() -> str:
    """BMV and 12 random characters (60 bits), never derived from time or id (docs/spec.md §3.6)."""
    return "BMV" + "".join(secrets.choice(CROCKFORD) for _ in range(12))


class SumOf(Func):
    """The sum of an array, by the SQL function bookings_sum (migration 0001)."""

    function = "bookings_sum"
    output_field = models.DecimalField(max_digits=12, decimal_places=2)


class BookingQuerySet(models.QuerySet["Booking"]):
    def with_clock(self) -> "BookingQuerySet":
        """Add `now`, the database's clock, which decides when holds lapse."""
        return self.annotate(now=DatabaseClock())

    def lapsed(self, *, at: datetime | Now) -> "BookingQuerySet":
        """Holds that have lapsed at `at` and are still PENDING in the database."""
        return self.filter(status=Booking.Status.PENDING, expires_at__lte=at)

    def reading(self, status: str, *, at: datetime | Now) -> "BookingQuerySet":
        """Bookings that people see with this status at the time `at`. Lapsed holds are FAILED."""
        if status == Booking.Status.PENDING:
            return self.filter(status=status, expires_at__gt=at)
        if status == Booking.Status.FAILED:
            return self.filter(Q(status=status) | lapsed_hold(at))
        return self.filter(status=status)

    def of(self, *people: User) -> "BookingQuerySet":
        """These people's bookings, newest first, with their shows (`with_show`)."""
        whose = Q(user=people[0]) if len(people) == 1 else Q(user__in=people)
        return self.filter(whose).with_show()

    def with_show(self) -> "BookingQuerySet":
        """With show, film, screen and cinema, but without their long columns."""
        shows = self.select_related("show__movie", "show__screen__cinema")
        return shows.defer(*(f"show__{name}" for name in LONG_COLUMNS))

    def coming_first(self, *, at: datetime) -> "BookingQuerySet":
        """Add `is_coming` (a ticket or a live hold for a show that has not ended), and sort.

        Live holds come first, by expiry; then tickets, by start; then the rest, newest first.
        """
        held = Q(status=Booking.Status.PENDING, expires_at__gt=at)
        coming = (Q(status=Booking.Status.CONFIRMED) | held) & Q(show__ends_at__gt=at)
        return self.annotate(
            is_coming=ExpressionWrapper(coming, output_field=models.BooleanField())
        ).order_by(
            "-is_coming",
            Case(When(held, then="expires_at")).asc(nulls_last=True),
            Case(When(is_coming=True, then="show__starts_at")),
            "-created_at",
            "-pk",
        )

    def but_ended_holds(self, *, at: datetime) -> "BookingQuerySet":
        """Without holds that ended before they were confirmed: FAILED, or lapsed and not swept."""
        return self.exclude(Q(status=Booking.Status.FAILED) | lapsed_hold(at))


class Booking(OfShow):
    """One customer's seats at one show, with a status (docs/spec.md §3.6, §4)."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "Held"
        CONFIRMED = "CONFIRMED", "Confirmed"
        FAILED = "FAILED", "Not completed"
        CANCELLED = "CANCELLED", "Cancelled"

    class EndedReason(models.TextChoices):
        LAPSED = "lapsed", "The hold ran out"
        RELEASED = "released", "Let go by the customer"
        SWAPPED = "swapped", "Swapped for other seats"
        CUSTOMER = "customer", "Cancelled by the customer"
        CINEMA = "cinema", "Cancelled by the cinema"

    reference = models.CharField(
        max_length=15, default=new_reference, editable=False, db_collation="C"
    )
    # No index of its own, because booking_of_person_at_show begins with this column.
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="bookings", db_index=False
    )
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="bookings")
    total_seats = models.PositiveSmallIntegerField()
    total_amount = models.DecimalField(max_digits=10, decimal_places=2)
    seats = ArrayField(
        models.CharField(max_length=11),
        help_text="Labels in plan order, kept after the seats are free again.",
    )
    seat_prices = ArrayField(
        models.DecimalField(max_digits=8, decimal_places=2),
        help_text="The price of each seat at the moment of the hold.",
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()
    ended_reason = models.CharField(max_length=8, choices=EndedReason, blank=True)
    # NULL if there is no key: the unique index leaves out NULL, but not "".
    idempotency_key = models.CharField(  # noqa: DJ001
        max_length=128,
        null=True,
        blank=True,
        editable=False,
    )
    idempotency_hash = models.CharField(max_length=64, blank=True, editable=False)
    held_from = models.CharField(
        max_length=16,
        blank=True,
        db_default="",
        default="",
        editable=False,
        help_text="Of a hold: a keyed hash of the client's address. Empty once it is over.",
    )
    is_offer = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Offered from the waiting list (docs/spec.md §20).",
    )

    objects = BookingQuerySet.as_manager()

    if TYPE_CHECKING:
        now: datetime
        is_coming: bool
        is_paid: bool

    class Meta:
        ordering = ("-created_at", "-pk")
        permissions = (
            ("view_takings", "Can see takings: the dashboard"),
            ("cancel_for_customer", "Can cancel one booking"),
        )
        constraints = (
            models.UniqueConstraint(fields=("reference", "show"), name="booking_reference_unique"),
            models.CheckConstraint(
                condition=Q(reference__regex=r"^BMV[0-9A-HJKMNP-TV-Z]{12}$"),
                name="booking_reference_form",
            ),
            models.UniqueConstraint(
                fields=("user", "show"),
                condition=Q(status="PENDING"),
                name="booking_one_hold_per_user_and_show",
            ),
            models.UniqueConstraint(
                fields=("user", "idempotency_key", "show"),
                condition=Q(idempotency_key__isnull=False),
                name="booking_idempotency_key_unique_per_user",
            ),
            models.CheckConstraint(
                condition=Q(idempotency_key__isnull=True, idempotency_hash="")
                | (Q(idempotency_key__isnull=False) & ~Q(idempotency_hash="")),
                name="booking_idempotency_key_with_hash",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["PENDING", "CONFIRMED", "FAILED", "CANCELLED"]),
                name="booking_status_known",
            ),
            models.CheckConstraint(
                condition=Q(total_seats__gt=0)
                & Q(total_seats=Func("seats", function="cardinality"))
                & Q(total_seats=Func("seat_prices", function="cardinality")),
                name="booking_seats_counted",
            ),
            models.CheckConstraint(
                condition=Q(total_amount__gte=0) & Q(total_amount=SumOf("seat_prices")),
                name="booking_amount_is_sum_of_prices",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="booking_expires_after_creation"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["CONFIRMED", "CANCELLED"], confirmed_at__isnull=False)
                | Q(status__in=["PENDING", "FAILED"], confirmed_at__isnull=True),
                name="booking_confirmed_at_when_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(confirmed_at__lt=F("expires_at")),
                name="booking_confirmed_in_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["PENDING", "CONFIRMED"], ended_reason="")
                | Q(status="FAILED", ended_reason__in=["lapsed", "released", "swapped", "cinema"])
                | Q(status="CANCELLED", ended_reason__in=["customer", "cinema"]),
                name="booking_ended_reason_fits_status",
            ),
        )
        indexes = (
            models.Index(
                fields=("expires_at",), condition=Q(status="PENDING"), name="booking_hold_expiry"
            ),
            models.Index(
                fields=("show", "expires_at"),
                condition=Q(status="PENDING"),
                name="booking_holds_of_show",
            ),
            models.Index(
                fields=("show", "held_from"),
                condition=~Q(held_from=""),
                name="booking_holds_from_address",
            ),
            models.Index(fields=("user", "show"), name="booking_of_person_at_show"),
            models.Index(fields=("user", "expires_at"), name="booking_of_person_by_end"),
            models.Index(fields=("created_at",), name="booking_created_at"),
        )

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("bookings:booking", args=[self.reference])

    def moved_from(self) -> datetime | None:
        """The show's start when the seats were held, in the cinema's time zone.

        None if the show was not moved during the hold, or starts at that time again.
        """
        # Only a mail that waits for this hold names it as its booking.
        moves = Message.objects.filter(channel=Channel.MAIL, kind="show-moved", booking=self.pk)
        move = moves.order_by("pk").first()
        if move is None:
            return None
        before = datetime.fromisoformat(move.data["from"])
        if before == self.show.starts_at:
            return None
        return before.astimezone(self.show.screen.cinema.tz)

    def has_lapsed(self, at: datetime) -> bool:
        return self.status == self.Status.PENDING and self.expires_at <= at

    def status_at(self, at: datetime) -> "Booking.Status":
        """The status that people see: a lapsed hold is FAILED, even before a sweep writes it."""
        return self.Status.FAILED if self.has_lapsed(at) else self.Status(self.status)

    def reason_at(self, at: datetime) -> str:
        return self.EndedReason.LAPSED if self.has_lapsed(at) else self.ended_reason

    def seconds_remaining(self, at: datetime) -> int:
        """Whole seconds left to confirm the hold, rounded up; 0 for anything but a live hold."""
        if self.status_at(at) != self.Status.PENDING:
            return 0
        return ceil((self.expires_at - at).total_seconds())

    @property
    def lines(self) -> list[tuple[str, Decimal]]:
        """Each seat's label and price, in plan order."""
        return list(zip(self.seats, self.seat_prices, strict=True))
