"""The database's clock, by which holds lapse and shows begin (docs/spec.md §4.4).

The web hosts' clocks may differ from it and from one another; nothing about a booking is decided by
them.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateTimeField, Func


class DatabaseClock(Func):
    """The wall clock when the row is read; unlike now(), it moves inside a transaction."""

    function = "clock_timestamp"
    output_field = DateTimeField()


def database_now() -> datetime:
    """The wall clock at this moment; read after a lock was got, it is later than the wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return now


def moment_on_clock(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """That wall time as a moment; the first of two where the clocks go back, and None where they
    skip it."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall else None


def comes_twice(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks go back over that wall time, so that it names two moments."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second and moment_on_clock(wall, zone) is not None
