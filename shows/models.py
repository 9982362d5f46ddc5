from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    BigIntegerRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Concat
from django.urls import reverse

from bookmyshow.core.local_time import local_day
from movies.models import Movie

from .listings.filters import carried
from .listings.showtimes import show_day
from .querysets import CinemaQuerySet, SeatQuerySet, ShowQuerySet
from .querysets import lapsed_hold as lapsed_hold
from .seating import plan as seating


def validate_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is no IANA time zone; use for example Asia/Kolkata.")


def validate_plan(text: str) -> None:
    try:
        seating.parse_plan(text)
    except seating.PlanError as error:
        raise ValidationError(str(error)) from error


class Cinema(models.Model):
    """A building in a city, in one time zone."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140, unique=True)
    city = models.CharField(max_length=80)
    address = models.CharField(max_length=240, blank=True)
    timezone = models.CharField(
        "time zone",
        max_length=64,
        validators=[validate_timezone],
        help_text="IANA name, for example Asia/Kolkata.",
    )
    archived_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Set: no show can be scheduled here."
    )

    objects = CinemaQuerySet.as_manager()

    class Meta:
        ordering = ("city", "name")
        indexes = (models.Index(fields=("city", "name"), name="cinema_city"),)

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"

    @property
    def full_address(self) -> str:
        """Street and city; many a street address ends in its city already."""
        if self.city.casefold() in self.address.casefold():
            return self.address
        return ", ".join(part for part in (self.address, self.city) if part)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


#: Minutes kept free after a show.
LONGEST_CLEANING = 240


class Screen(models.Model):
    """An auditorium. Shows copy its seating plan when they are made (docs/spec.md §2)."""

    cinema = models.ForeignKey(Cinema, on_delete=models.PROTECT, related_name="screens")
    name = models.CharField(max_length=60)
    seating_plan = models.TextField(
        validators=[validate_plan],
        help_text="One line a row, front row first: A ssss__pppp (s standard, p premium, "
        "w or W wheelchair, _ gap, - half gap; an empty line is a cross aisle).",
    )
    cleaning_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MaxValueValidator(LONGEST_CLEANING)],
        help_text="Kept free after each show.",
    )

    class Meta:
        ordering = ("cinema", "name")
        constraints = (
            models.UniqueConstraint(fields=("cinema", "name"), name="screen_name_unique_in_cinema"),
        )

    def __str__(self) -> str:
        return f"{self.cinema.name} · {self.name}"


class ScreenRange(Func):
    """The screen's id as a range, so that an exclusion constraint needs no extension."""

    function = "int8range"
    output_field = BigIntegerRangeField()


class BusyRange(Func):
    """From the start to the end of cleaning, the end excluded."""

    function = "tstzrange"
    output_field = DateTimeRangeField()


class Show(models.Model):
    """One screening: a film on a screen at a time, with its prices (docs/spec.md §3.4)."""

    class Status(models.TextChoices):
        SCHEDULED = "SCHEDULED", "Scheduled"
        CANCELLED = "CANCELLED", "Cancelled"

    movie = models.ForeignKey(Movie, on_delete=models.PROTECT, related_name="shows")
    screen = models.ForeignKey(Screen, on_delete=models.PROTECT, related_name="shows")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="Start and running time: what customers see.")
    busy_until = models.DateTimeField(help_text="End and cleaning: what scheduling sees.")
    format = models.CharField(max_length=20, default="2D")
    language = models.CharField(max_length=40, blank=True)
    standard_price = models.DecimalField(
        max_digits=8, decimal_places=2, validators=[MinValueValidator(0)]
    )
    premium_price = models.DecimalField(
        max_digits=8, decimal_places=2, validators=[MinValueValidator(0)]
    )
    total_seats = models.PositiveIntegerField(editable=False)
    available_seats = models.PositiveIntegerField(
        editable=False, help_text="Seats without a booking; lapsed holds count as taken here."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.SCHEDULED)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ShowQuerySet.as_manager()

    if TYPE_CHECKING:
        free_seats: int
        places: int
        free_places: int

    class Meta:
        ordering = ("starts_at", "pk")
        permissions = (
            ("schedule_shows", "Can plan shows"),
            ("cancel_show", "Can cancel a show and its bookings"),
            ("move_show", "Can move a show to another time"),
        )
        constraints = (
            ExclusionConstraint(
                name="show_no_overlap_on_screen",
                expressions=[
                    (ScreenRange("screen", "screen", Value("[]")), RangeOperators.OVERLAPS),
                    (BusyRange("starts_at", "busy_until"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status="SCHEDULED"),
                violation_error_message="Another show is on this screen at that time.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="show_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(busy_until__gte=F("ends_at")), name="show_busy_until_end"
            ),
            models.CheckConstraint(
                condition=Q(available_seats__gte=0, available_seats__lte=F("total_seats")),
                name="show_available_seats_in_range",
            ),
            models.CheckConstraint(
                condition=Q(standard_price__gte=0, premium_price__gte=0),
                name="show_prices_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["SCHEDULED", "CANCELLED"]), name="show_status_known"
            ),
        )
        indexes = (
            models.Index(fields=("starts_at", "id"), name="show_starts_at"),
            models.Index(fields=("movie", "starts_at"), name="show_movie_starts_at"),
        )

    def __str__(self) -> str:
        return f"{self.movie.title}, {self.local_start:%d %b %Y %H:%M}, {self.screen}"

    def get_absolute_url(self) -> str:
        return reverse("shows:show", args=[self.pk])

    @property
    def times_url(self) -> str:
        """The film's times on this show's day, in its city."""
        return self.other_times(city=self.screen.cinema.city)

    def other_times(self, *, city: str = "", format: str = "", language: str = "") -> str:
        """The film's times on this show's day, of the shows that someone asked for."""
        query = carried(city=city, date=f"{show_day(self)}", format=format, language=language)
        return f"{self.movie.get_absolute_url()}{query}#times"

    @property
    def local_start(self) -> datetime:
        """The start in the cinema's time zone."""
        return self.starts_at.astimezone(self.screen.cinema.tz)

    @property
    def local_day(self) -> date:
        """The date of the start on the cinema's calendar."""
        return local_day(self.starts_at, self.screen.cinema.tz)

    @property
    def local_end(self) -> datetime:
        return self.ends_at.astimezone(self.screen.cinema.tz)

    @property
    def is_cancelled(self) -> bool:
        return self.status == self.Status.CANCELLED

    def has_started(self, at: datetime) -> bool:
        return self.starts_at <= at

    def price_of(self, seat_type: str) -> Decimal:
        return self.premium_price if seat_type == Seat.Type.PREMIUM else self.standard_price


class Seat(models.Model):
    """One place at one show. It points at no more than one booking, so it can't be sold twice."""

    class Type(models.TextChoices):
        STANDARD = seating.STANDARD, "Standard"
        PREMIUM = seating.PREMIUM, "Premium"

    # The unique constraints' indexes lead with the show and serve this foreign key too.
    show = models.ForeignKey(Show, on_delete=models.CASCADE, related_name="seats", db_index=False)
    row = models.CharField(max_length=4)
    number = models.CharField(max_length=6)
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
    booking = models.ForeignKey(
        "bookings.Booking",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="live_seats",
        db_index=False,
        help_text="The live booking that has this seat; empty when it is free.",
    )

    objects = SeatQuerySet.as_manager()

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
        """Whether the seat is held by a hold that ran out; needs `with_holder`."""
        return (
            self.holder_status == "PENDING"
            and self.holder_expires_at is not None
            and self.holder_expires_at <= self.now
        )

    @property
    def price(self) -> Decimal:
        return self.show.price_of(self.seat_type)
