"""Shows: one film on one screen at one time."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import (
    DateField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Now
from django.urls import reverse

from bookmyshow.core.time import DAY_ENDS, LocalTime, business_day, local_day
from movies import models as movies
from shows.links import filter_query
from shows.seating.plan import PREMIUM

from .cinema import Screen

#: Columns of film and screen that lists, tickets and mails don't show.
LONG_COLUMNS = ("screen__seating_plan", *(f"movie__{name}" for name in movies.LONG_COLUMNS))
# In every time zone, all moments of a day are within this distance of its noon in UTC.
UTC_MARGIN = timedelta(days=2)


def lapsed_hold(at: datetime | Now, prefix: str = "") -> Q:
    """Condition: a hold that has lapsed at `at` but is still PENDING (docs/spec.md §4.4)."""
    return Q((f"{prefix}status", "PENDING"), (f"{prefix}expires_at__lte", at))


def _minutes(path: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(path) * Value(timedelta(minutes=1)), output_field=DurationField())


class ShowQuerySet(models.QuerySet["Show"]):
    def scheduled(self) -> "ShowQuerySet":
        return self.filter(status=self.model.Status.SCHEDULED)

    def upcoming(self, *, at: datetime) -> "ShowQuerySet":
        """Scheduled shows that start after `at`, soonest first."""
        return self.scheduled().filter(starts_at__gt=at).order_by("starts_at", "pk")

    def with_old_times(self, *, at: datetime) -> "ShowQuerySet":
        """Coming shows whose `ends_at` or `busy_until` no longer matches the film's running time
        and the screen's cleaning time.
        """
        ends_at = F("starts_at") + _minutes("movie__duration_minutes")
        busy_until = ends_at + _minutes("screen__cleaning_minutes")
        same = Q(ends_at=ends_at, busy_until=busy_until)
        return self.upcoming(at=at).exclude(movie__duration_minutes=None).filter(~same)

    def with_place(self) -> "ShowQuerySet":
        """With screen and cinema, which local times need. Without the seating plan."""
        return self.select_related("screen__cinema").defer("screen__seating_plan")

    def with_film(self) -> "ShowQuerySet":
        """With film, screen and cinema, without their long columns."""
        return self.select_related("movie", "screen__cinema").defer(*LONG_COLUMNS)

    def with_names(self) -> "ShowQuerySet":
        """With only the columns of film, screen and cinema that a list shows."""
        own = [field.name for field in self.model._meta.concrete_fields]
        cinema = ("name", "city", "timezone", "currency", "booking_fee", "booking_fee_per")
        return (
            self.with_place()
            .select_related("movie")
            .only(
                *own,
                "movie__title",
                "screen__name",
                *(f"screen__cinema__{name}" for name in cinema),
            )
        )

    def matching(self, *, day: date | None = None, **conditions: str) -> "ShowQuerySet":
        """Shows that meet `city`, `language`, `format` and `day`; empty conditions are ignored.

        `day` is the show's business day on its cinema's clock: it ends at 04:00.
        """
        fields = {
            "city": "screen__cinema__city__iexact",
            "language": "language__iexact",
            "format": "format__iexact",
        }
        shows = self.filter(**{fields[name]: value for name, value in conditions.items() if value})
        if day is None:
            return shows
        return shows.on_date(day, day_ends=timedelta(hours=DAY_ENDS.hour))

    def on_date(self, day: date, *, day_ends: timedelta = timedelta(0)) -> "ShowQuerySet":
        """Shows that start on `day` of their cinema's calendar. The day begins and ends `day_ends`
        after midnight."""
        if not date.min + UTC_MARGIN < day < date.max - UTC_MARGIN:
            return self.none()
        # The wide range in UTC is there for the index on `starts_at`, which the database can't use
        # for a local date.
        noon = datetime.combine(day, time(12), UTC)
        local = LocalTime("screen__cinema__timezone", F("starts_at") - day_ends)
        return (
            self.filter(starts_at__range=(noon - UTC_MARGIN, noon + UTC_MARGIN))
            .alias(show_day=Cast(local, DateField()))
            .filter(show_day=day)
        )

    def with_free_seats(self, *, at: datetime) -> "ShowQuerySet":
        """Adds `free_seats`: `available_seats` and the seats of lapsed holds not swept yet."""
        lapsed = (
            self.model._default_manager.filter(pk=OuterRef("pk"))
            .filter(lapsed_hold(at, "bookings__"))
            .order_by()
            .values("pk")
            .values(seats=Sum("bookings__total_seats"))
        )
        return self.annotate(
            free_seats=F("available_seats")
            + Coalesce(Subquery(lapsed, output_field=IntegerField()), 0)
        )


class Show(models.Model):
    """One screening: a film on a screen at a time, with its prices (docs/spec.md §3.4)."""

    class Status(models.TextChoices):
        SCHEDULED = "SCHEDULED", "Scheduled"
        CANCELLED = "CANCELLED", "Cancelled"

    movie = models.ForeignKey(movies.Movie, on_delete=models.PROTECT, related_name="shows")
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
    on_sale = models.ForeignKey(
        "waiting_room.OnSale",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        editable=False,
        related_name="shows",
        db_index=False,
        help_text="A hold needs a pass of this on-sale (docs/spec.md §24).",
    )
    sale_closed = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="Its on-sale is closed."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ShowQuerySet.as_manager()

    # Set by `with_free_seats` and by `with_wheelchair_places` (shows/listings/showtimes.py).
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
            models.CheckConstraint(
                condition=Q(sale_closed=False) | Q(on_sale__isnull=False),
                name="show_closed_with_its_on_sale",
            ),
        )
        indexes = (
            models.Index(fields=("starts_at", "id"), name="show_starts_at"),
            models.Index(fields=("movie", "starts_at"), name="show_movie_starts_at"),
            models.Index(
                fields=("on_sale",), condition=Q(on_sale__isnull=False), name="show_on_sale"
            ),
        )

    def __str__(self) -> str:
        return f"{self.movie.title}, {self.local_start:%d %b %Y %H:%M}, {self.screen}"

    def get_absolute_url(self) -> str:
        return reverse("shows:show", args=[self.pk])

    @property
    def times_url(self) -> str:
        """URL of the film's times on this show's day, in its city."""
        return self.other_times(city=self.screen.cinema.city)

    def other_times(self, *, city: str = "", format: str = "", language: str = "") -> str:
        """URL of the film's times on this show's day, with a visitor's filters."""
        query = filter_query(
            city=city, date=f"{self.business_day}", format=format, language=language
        )
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
    def business_day(self) -> date:
        """The day that the show is listed on. A show at 00:30 belongs to the day before."""
        return business_day(self.starts_at, self.screen.cinema.tz)

    @property
    def local_end(self) -> datetime:
        return self.ends_at.astimezone(self.screen.cinema.tz)

    @property
    def currency(self) -> str:
        """The currency of its prices, which is the cinema's."""
        return self.screen.cinema.currency

    @property
    def is_cancelled(self) -> bool:
        return self.status == self.Status.CANCELLED

    def has_started(self, at: datetime) -> bool:
        return self.starts_at <= at

    def price_of(self, seat_type: str) -> Decimal:
        return self.premium_price if seat_type == PREMIUM else self.standard_price
