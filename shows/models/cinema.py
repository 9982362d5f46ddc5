"""Cinemas and their screens."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import DateField, DateTimeField, Q, Subquery, Value
from django.db.models.functions import Cast, Coalesce

from bookmyshow.core.currencies import CURRENCIES, AmountTooFine, UnknownCurrency, to_minor
from bookmyshow.core.time import LocalTime, local_day, todays
from shows.seating import plan as seating


def validate_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is not an IANA time zone; use for example Asia/Kolkata.")


def validate_currency(code: str) -> None:
    if code not in CURRENCIES:
        raise ValidationError(str(UnknownCurrency(code)))


validate_tax_place = RegexValidator(
    r"^[A-Z]{2}(-[A-Z0-9]{1,3})?\Z",
    "Write the country, or country and state, as in ISO 3166: DE, or IN-MH.",
)


def default_currency() -> str:
    """The currency of a new cinema, until somebody chooses another."""
    return settings.CURRENCY


def validate_plan(text: str) -> None:
    try:
        seating.parse_plan(text)
    except seating.PlanError as error:
        raise ValidationError(str(error)) from error


class CinemaQuerySet(models.QuerySet["Cinema"]):
    def in_use(self) -> "CinemaQuerySet":
        """Cinemas that aren't archived."""
        return self.filter(archived_at=None)

    def clocks(self) -> set[ZoneInfo]:
        """The time zones of the cinemas in use."""
        zones = self.in_use().order_by().values_list("timezone", flat=True).distinct()
        return {ZoneInfo(zone) for zone in zones}

    def todays(self, *, at: datetime) -> list[date]:
        """Today's dates at the cinemas in use, in order; the date in UTC if there is no cinema."""
        return todays(at, self.clocks())

    def first_today(self, *, at: datetime) -> Coalesce:
        """The earliest of `todays`, as a database expression."""
        day = Cast(LocalTime("timezone", Value(at, DateTimeField())), DateField())
        days = self.in_use().order_by(day.asc()).values_list(day)[:1]
        return Coalesce(Subquery(days), local_day(at, UTC))


class FeePer(models.TextChoices):
    """What a booking fee is charged for."""

    TICKET = "ticket", "ticket"
    ORDER = "order", "order"


class Cinema(models.Model):
    """A building in a city, in one time zone and with one currency (docs/spec.md §2)."""

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
    currency = models.CharField(
        max_length=3,
        default=default_currency,
        validators=[validate_currency],
        help_text="Of all prices here. It can't be changed once there are bookings.",
    )
    booking_fee = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        default=Decimal(0),
        db_default=Decimal(0),
        validators=[MinValueValidator(0)],
        help_text="Added when a customer pays online, tax included. 0: no fee.",
    )
    booking_fee_per = models.CharField(
        "fee for each",
        max_length=6,
        choices=FeePer,
        default=FeePer.TICKET,
        db_default=FeePer.TICKET,
    )
    legal_name = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="The company that sells the tickets, as it is written on invoices.",
    )
    tax_number = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="GSTIN or VAT number, as it is written on invoices.",
    )
    tax_place = models.CharField(
        max_length=6,
        blank=True,
        default="",
        db_default="",
        validators=[validate_tax_place],
        help_text="Where it pays tax, as in ISO 3166: a country, such as DE, or a state, such as"
        " IN-MH.",
    )
    archived_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Set: no show can be scheduled here."
    )

    objects = CinemaQuerySet.as_manager()

    class Meta:
        ordering = ("city", "name")
        indexes = (models.Index(fields=("city", "name"), name="cinema_city"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="cinema_currency_is_a_code"
            ),
            models.CheckConstraint(
                condition=Q(booking_fee__gte=0), name="cinema_booking_fee_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(booking_fee_per__in=["ticket", "order"]),
                name="cinema_booking_fee_per_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"

    def clean(self) -> None:
        """A fee that the currency can't hold is refused."""
        try:
            to_minor(self.booking_fee, self.currency)
        except AmountTooFine as error:
            raise ValidationError({"booking_fee": str(error)}) from error
        except UnknownCurrency:
            pass  # The currency's own field says so.

    @property
    def full_address(self) -> str:
        """Street and city. The city is not repeated if the street address contains it."""
        if self.city.casefold() in self.address.casefold():
            return self.address
        return ", ".join(part for part in (self.address, self.city) if part)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


#: The longest cleaning after a show that a screen may have, in minutes.
LONGEST_CLEANING = 240


class Screen(models.Model):
    """An auditorium. A new show gets its seats from the seating plan (docs/spec.md §2)."""

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
