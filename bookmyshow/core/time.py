"""Time: the database's clock, and the days and wall clocks of the cinemas.

Holds lapse and shows begin by the database's clock (docs/spec.md §4.4). The clocks of web hosts may
differ, so they decide nothing about bookings.

Moments are stored in UTC, where the date can differ from the cinema's: at 19:00 UTC on 7 March it
is 00:30 on 8 March in Mumbai. Only this module turns a moment into a date: no other code calls
`.date()` on a moment (a test checks it).
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateField, DateTimeField, Func

#: A cinema's day ends at 04:00, after its last show: a show at 00:30 belongs to the evening before.
DAY_ENDS = time(4)
_AFTER_MIDNIGHT = timedelta(hours=DAY_ENDS.hour)
A_DAY = timedelta(days=1)


class DatabaseClock(Func):
    """In a query: the time when the row is read (now() is the time when the transaction began)."""

    function = "clock_timestamp"
    output_field = DateTimeField()


def database_now() -> datetime:
    """The database's time now. Read it after taking a lock, so that the wait is already over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return now


class LocalTime(Func):
    """In a query: the local date and time of a moment in a time zone."""

    function = "timezone"
    output_field = DateTimeField()


def local_day(moment: datetime, zone: tzinfo) -> date:
    """The date of the moment in this zone."""
    return moment.astimezone(zone).date()


def business_day(moment: datetime, zone: tzinfo) -> date:
    """The cinema's day that this moment belongs to. It ends at DAY_ENDS on the next date."""
    return (moment.astimezone(zone) - _AFTER_MIDNIGHT).date()


def business_day_span(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of a cinema's day, and the first moment after it."""
    first, after = (
        datetime.combine(each, DAY_ENDS, zone).astimezone(UTC) for each in (day, day + A_DAY)
    )
    return first, after


class BusinessDay(Func):
    """In a query: `business_day` of a moment. Arguments: the name of the zone, the moment."""

    function = "timezone"
    template = f"(%(function)s(%(expressions)s) - interval '{DAY_ENDS.hour} hours')::date"
    output_field = DateField()


def on_business_day(day: date, clock: time) -> datetime:
    """Local date and time of `clock` on a cinema's day: before DAY_ENDS it is on the next date."""
    return datetime.combine(day if clock >= DAY_ENDS else day + A_DAY, clock)


def todays(at: datetime, zones: Iterable[tzinfo]) -> list[date]:
    """The distinct dates of a moment in these zones, sorted; the UTC date if there is no zone."""
    return sorted({local_day(at, zone) for zone in zones}) or [local_day(at, UTC)]


def next_midnight(at: datetime, zones: Iterable[tzinfo]) -> datetime:
    """The first midnight after `at` in any of these zones, or in UTC if there is no zone."""
    return min(
        datetime.combine(local_day(at, zone) + A_DAY, time(), zone).astimezone(UTC)
        for zone in [*zones] or [UTC]
    )


def moment_on_clock(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment of a local time: the first of two if clocks go back, None if clocks skip it."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall else None


def comes_twice(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether this local time occurs twice, because clocks go back."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second and moment_on_clock(wall, zone) is not None
