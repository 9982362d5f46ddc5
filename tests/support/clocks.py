"""Times and zones for tests of the cinema's day, which differs from UTC's."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# 19:30 UTC on Saturday 7 March is one o'clock in the night to Sunday in Mumbai.
NIGHT_IN_MUMBAI = "2026-03-07T19:30:00Z"


def zone_in_the_night(now: datetime) -> tuple[str, date]:
    """A time zone where it is between one and two in the night, and the date of the evening."""
    offset = (1 - now.hour) % 24
    offset -= 24 if offset > 14 else 0
    zone = f"Etc/GMT{-offset:+d}"
    return zone, now.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def zone_on_another_day(now: datetime) -> tuple[str, date]:
    """A time zone whose date is not UTC's at this moment, and that date; it lasts for hours."""
    zone = "Pacific/Kiritimati" if now.hour >= 10 else "Etc/GMT+12"
    return zone, now.astimezone(ZoneInfo(zone)).date()
