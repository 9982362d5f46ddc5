"""The reads of shows and their seats that have a name; `models` puts them on its managers."""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import models
from django.db.models import (
    Count,
    DateField,
    DateTimeField,
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

from accounts.models import User
from bookmyshow.core.clock import DatabaseClock
from bookmyshow.core.local_time import DAY_ENDS, LocalTime, local_day, todays

if TYPE_CHECKING:
    from .models import Cinema, Seat, Show

# Further from a day's noon in UTC than any of its moments in any time zone.
WIDE = timedelta(days=2)


def lapsed_hold(at: datetime | Now, prefix: str = "") -> Q:
    """A hold that is over at `at`, swept or not: its seats are free (docs/spec.md §4.4)."""
    return Q((f"{prefix}status", "PENDING"), (f"{prefix}expires_at__lte", at))


class CinemaQuerySet(models.QuerySet["Cinema"]):
    def in_use(self) -> "CinemaQuerySet":
        """Cinemas that aren't archived."""
        return self.filter(archived_at=None)

    def clocks(self) -> set[ZoneInfo]:
        """The time zones of the cinemas in use."""
        zones = self.in_use().order_by().values_list("timezone", flat=True).distinct()
        return {ZoneInfo(zone) for zone in zones}

    def todays(self, *, at: datetime) -> list[date]:
        """The dates that it is now at any cinema in use, in order; UTC's where there is none."""
        return todays(at, self.clocks())

    def first_today(self, *, at: datetime) -> Coalesce:
        """The first of `todays`, for a query."""
        day = Cast(LocalTime("timezone", Value(at, DateTimeField())), DateField())
        days = self.in_use().order_by(day.asc()).values_list(day)[:1]
        return Coalesce(Subquery(days), local_day(at, UTC))


def _minutes(path: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(path) * Value(timedelta(minutes=1)), output_field=DurationField())


class ShowQuerySet(models.QuerySet["Show"]):
    def scheduled(self) -> "ShowQuerySet":
        return self.filter(status=self.model.Status.SCHEDULED)

    def upcoming(self, *, at: datetime) -> "ShowQuerySet":
        """Scheduled shows that start after `at`, soonest first."""
        return self.scheduled().filter(starts_at__gt=at).order_by("starts_at", "pk")

    def with_old_times(self, *, at: datetime) -> "ShowQuerySet":
        """Coming shows whose `ends_at` or `busy_until` is not what their film's running time and
        their screen's cleaning time would make it now.
        """
        ends_at = F("starts_at") + _minutes("movie__duration_minutes")
        busy_until = ends_at + _minutes("screen__cleaning_minutes")
        same = Q(ends_at=ends_at, busy_until=busy_until)
        return self.upcoming(at=at).exclude(movie__duration_minutes=None).filter(~same)

    def with_place(self) -> "ShowQuerySet":
        """With screen and cinema, which every local time needs."""
        return self.select_related("screen__cinema")

    def with_names(self) -> "ShowQuerySet":
        """With what a list tells of film, screen and cinema, and not the long texts beside it."""
        own = [field.name for field in self.model._meta.concrete_fields]
        place = ("screen__name", "screen__cinema__name", "screen__cinema__city")
        return (
            self.with_place()
            .select_related("movie")
            .only(*own, "movie__title", *place, "screen__cinema__timezone")
        )

    def matching(self, *, day: date | None = None, **conditions: str) -> "ShowQuerySet":
        """Shows that meet each condition that isn't empty: `city`, `language`, `format`, `day`.

        `day` is the one whose evening a show belongs to, on its cinema's clock.
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
        """Shows that start on `day` of their cinema's calendar, its end moved by `day_ends`."""
        if not date.min + WIDE < day < date.max - WIDE:
            return self.none()
        # Wide bounds in UTC first: they can use the index, a local date can't.
        noon = datetime.combine(day, time(12), UTC)
        local = LocalTime("screen__cinema__timezone", F("starts_at") - day_ends)
        return (
            self.filter(starts_at__range=(noon - WIDE, noon + WIDE))
            .alias(show_day=Cast(local, DateField()))
            .filter(show_day=day)
        )

    def with_free_seats(self, *, at: datetime) -> "ShowQuerySet":
        """Adds `free_seats`: what people see, the seats of lapsed holds included."""
        lapsed = (
            apps.get_model("bookings.Booking")
            .objects.filter(lapsed_hold(at), show=OuterRef("pk"))
            .order_by()
            .values("show")
            .values(seats=Sum("total_seats"))
        )
        return self.annotate(
            free_seats=F("available_seats")
            + Coalesce(Subquery(lapsed, output_field=IntegerField()), 0)
        )

    def with_wheelchair_places(self, *, at: datetime) -> "ShowQuerySet":
        """Adds `places` and `free_places`: the seats for wheelchairs, and those of them free."""
        seats: SeatQuerySet = apps.get_model("shows.Seat").objects.all()
        places = seats.filter(show=OuterRef("pk"), is_wheelchair=True)
        return self.annotate(places=_counted(places), free_places=_counted(places.free(at=at)))


def _counted(seats: "SeatQuerySet") -> Coalesce:
    """How many of these seats each show has; 0 where it has none."""
    count = seats.order_by().values("show").values(count=Count("pk"))
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)


class SeatQuerySet(models.QuerySet["Seat"]):
    def in_plan_order(self) -> "SeatQuerySet":
        """Front to back, left to right."""
        return self.order_by("position")

    def with_holder(self) -> "SeatQuerySet":
        """Adds the status and expiry of the booking that has the seat, and `now` to judge them."""
        return self.annotate(
            now=DatabaseClock(),
            holder_status=F("booking__status"),
            holder_expires_at=F("booking__expires_at"),
        )

    def free(self, *, at: datetime) -> "SeatQuerySet":
        """Seats that a buyer could hold at `at`, those of lapsed holds included."""
        return self.filter(Q(booking=None) | lapsed_hold(at, "booking__"))

    def held_by(self, user: User, show_id: int) -> "SeatQuerySet":
        """The seats of this person's live hold at a show, by the database's clock."""
        return self.filter(
            show_id=show_id,
            booking__user=user,
            booking__status="PENDING",
            booking__expires_at__gt=Now(),
        ).in_plan_order()
