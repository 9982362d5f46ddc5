"""Times and zones for tests: the cinema's day differs from that in UTC, and time passes at once."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, F, Func
from django.db.models.expressions import Combinable

# In Mumbai this is 01:00 on Sunday 8 March. The cinema's day is still Saturday, as in UTC.
NIGHT_IN_MUMBAI = "2026-03-07T19:30:00Z"


def zone_in_the_night(now: datetime) -> tuple[str, date]:
    """A time zone where it is between 01:00 and 02:00, and its cinema day (the day before)."""
    offset = (1 - now.hour) % 24
    offset -= 24 if offset > 14 else 0
    zone = f"Etc/GMT{-offset:+d}"
    return zone, now.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def zone_on_another_day(now: datetime) -> tuple[str, date]:
    """A time zone whose date is not UTC's now, and its date, which lasts at least two hours."""
    zone = "Pacific/Kiritimati" if now.hour >= 10 else "Etc/GMT+12"
    return zone, now.astimezone(ZoneInfo(zone)).date()


class _InUtc(Func):
    """A moment as a time without a zone, or back."""

    template = "timezone('UTC', %(expressions)s)"
    output_field = DateTimeField()


def earlier(column: str, by: timedelta) -> Combinable:
    """For `update`: the moment in this column, moved back.

    `F(column) - by` depends on the zone of the session, so Citus refuses it in an UPDATE.
    """
    return _InUtc(_InUtc(F(column)) - by)
