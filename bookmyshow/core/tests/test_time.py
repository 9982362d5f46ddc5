import ast
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bookmyshow.core.time import (
    business_day,
    local_day,
    next_midnight,
    on_business_day,
    todays,
)

MUMBAI, LONDON = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/London")
# One o'clock in the night to the 8th in Mumbai.
NIGHT = datetime(2026, 3, 7, 19, 30, tzinfo=UTC)
SATURDAY, SUNDAY = date(2026, 3, 7), date(2026, 3, 8)
ROOT = Path(__file__).parents[3]
TIME = Path("bookmyshow/core/time.py")
PACKAGES = ("accounts", "bookings", "bookmyshow", "movies", "shows")


def test_a_day_is_the_cinemas_and_not_utcs() -> None:
    assert local_day(NIGHT, MUMBAI) == SUNDAY
    assert local_day(NIGHT, LONDON) == SATURDAY
    assert todays(NIGHT, [MUMBAI, LONDON]) == [SATURDAY, SUNDAY]
    assert todays(NIGHT, [MUMBAI, ZoneInfo("Asia/Colombo")]) == [SUNDAY]
    assert todays(NIGHT, []) == [SATURDAY]


def test_the_next_midnight_is_that_of_the_first_cinema_to_have_one() -> None:
    assert next_midnight(NIGHT, [MUMBAI, LONDON]) == datetime(2026, 3, 8, tzinfo=UTC)
    assert next_midnight(NIGHT, [MUMBAI]) == datetime(2026, 3, 8, 18, 30, tzinfo=UTC)
    assert next_midnight(NIGHT, []) == datetime(2026, 3, 8, tzinfo=UTC)


def test_the_programme_of_a_day_ends_at_four_in_the_night_after() -> None:
    assert business_day(NIGHT, MUMBAI) == SATURDAY
    assert business_day(datetime(2026, 3, 7, 22, 29, tzinfo=UTC), MUMBAI) == SATURDAY
    assert business_day(datetime(2026, 3, 7, 22, 30, tzinfo=UTC), MUMBAI) == SUNDAY


@pytest.mark.parametrize(
    ("clock", "on"),
    [
        (time(4), SATURDAY),
        (time(20), SATURDAY),
        (time(0), SUNDAY),
        (time(1), SUNDAY),
        (time(3, 59), SUNDAY),
    ],
)
def test_a_time_of_a_days_programme_is_on_the_next_date_after_midnight(
    clock: time, on: date
) -> None:
    wall = on_business_day(SATURDAY, clock)
    assert wall == datetime.combine(on, clock)
    assert business_day(wall.replace(tzinfo=MUMBAI), MUMBAI) == SATURDAY


def test_nobody_else_makes_a_date_of_a_moment() -> None:
    """`moment.date()` is the date in UTC more often than not: core/time.py asks for the zone."""
    assert list(_dates_made()) == []


def _dates_made() -> Iterator[str]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            place = path.relative_to(ROOT)
            if {"tests", "migrations"} & set(place.parts) or place == TIME:
                continue
            yield from (f"{place}:{line}" for line in _calls_of_date(path))


def _calls_of_date(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(attr="date"), args=[], keywords=[]):
                yield node.lineno
