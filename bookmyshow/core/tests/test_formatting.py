from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template

from bookmyshow.core.templatetags import formatting


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal("350.00"), "₹350"),
        (Decimal("350.5"), "₹350.50"),
        (Decimal("1234567.05"), "₹12,34,567.05"),
        (Decimal(100000), "₹1,00,000"),
        (Decimal(999), "₹999"),
        (Decimal("-20"), "−₹20"),
        (0, "₹0"),
        (None, ""),
    ],
)
def test_rupees(amount: Decimal | int | None, text: str) -> None:
    assert formatting.money(amount, "INR") == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("1234567.5"), "EUR", "€1,234,567.50"),
        (100, "SEK", "SEK\N{NO-BREAK SPACE}100.00"),
        (Decimal("1800.00"), "JPY", "¥1,800"),
        (Decimal("1800.5"), "JPY", "¥1,801"),
        (Decimal("2.25"), "KWD", "KWD\N{NO-BREAK SPACE}2.250"),
        (Decimal("2.00"), "KWD", "KWD\N{NO-BREAK SPACE}2.000"),
        (Decimal("16.50"), "GBP", "£16.50"),
        (Decimal(34), "GBP", "£34.00"),
        (Decimal("-0.05"), "GBP", "−£0.05"),
    ],
)
def test_other_currencies_have_their_own_symbol_grouping_and_decimals(
    amount: Decimal | int, currency: str, text: str
) -> None:
    assert formatting.money(amount, currency) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (35050, "INR", "₹350.50"),
        (35000, "INR", "₹350"),
        (1800, "JPY", "¥1,800"),
        (2250, "KWD", "KWD\N{NO-BREAK SPACE}2.250"),
        (-2000, "EUR", "−€20.00"),
        (None, "EUR", ""),
    ],
)
def test_amounts_in_minor_units(amount: int | None, currency: str, text: str) -> None:
    assert formatting.minor(amount, currency) == text


def test_filters_take_the_currency() -> None:
    template = Template("{% load formatting %}{{ price|money:currency }} {{ paid|minor:currency }}")
    values = {"price": Decimal("350.50"), "paid": 35050, "currency": "INR"}
    assert template.render(Context(values)) == "₹350.50 ₹350.50"


def test_times_keep_the_zone_they_carry() -> None:
    start = datetime(2026, 11, 22, 20, 15, tzinfo=UTC).astimezone(ZoneInfo("Asia/Kolkata"))
    template = Template("{% load formatting %}{{ at|clock }}/{{ at|day }}/{{ at|moment }}")
    assert template.render(Context({"at": start})) == "01:45/Mon 23 Nov/Mon 23 Nov, 01:45"
    assert formatting.long_day(date(2026, 11, 1)) == "Sunday 1 November 2026"


@pytest.mark.parametrize(
    ("minutes", "text"), [(166, "2 h 46 min"), (120, "2 h"), (45, "45 min"), (None, "")]
)
def test_running_times(minutes: int | None, text: str) -> None:
    assert formatting.running_time(minutes) == text


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 0, 0), (0, 500, 0), (1, 500, 1), (1, 2, 50), (499, 500, 99), (500, 500, 100)],
)
def test_only_all_is_100_percent_and_only_none_is_0_percent(
    part: int, whole: int, percent: int
) -> None:
    assert formatting.percent_of(part, whole) == percent


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "a minute"),
        (60, "a minute"),
        (61, "2 minutes"),
        (900, "15 minutes"),
        (5400, "90 minutes"),
        (5401, "2 hours"),
        (86_400, "24 hours"),
    ],
)
def test_waits_are_never_too_short(seconds: int, text: str) -> None:
    assert formatting.wait(seconds) == text


def test_no_line_of_a_title_begins_with_a_dash() -> None:
    assert formatting.keep_dashes("Mission – Impossible") == "Mission\N{NO-BREAK SPACE}– Impossible"
    assert formatting.keep_dashes("Spider-Man") == "Spider-Man"
