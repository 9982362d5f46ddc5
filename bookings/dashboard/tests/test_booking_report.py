import csv
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from bookings import services
from bookings.archive.services import archive_batch
from bookings.payments.models import Order, Payment, Refund
from bookings.show_changes.services import cancel_show
from bookmyshow.core.time import A_DAY
from shows.models import Show
from tests.support.clocks import zone_on_another_day
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)
from tests.support.money import (
    make_order,
    make_paid_booking,
    make_payment,
    make_refund,
    take_at_counter,
)

pytestmark = pytest.mark.django_db


def report(*arguments: str) -> str:
    output = StringIO()
    call_command("booking_report", *arguments, stdout=output)
    return output.getvalue()


def rows(*arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(report(*arguments, "--csv"))))


def span(days: int = 30) -> tuple[str, str]:
    today = timezone.now().date()
    return f"--from={today - timedelta(days)}", f"--to={today + timedelta(days)}"


def test_films_are_summed_up_best_takings_first() -> None:
    small, large = make_show(movie=make_movie("Small")), make_show(movie=make_movie("=Large"))
    make_booking(small, ["A1"])
    make_booking(large, ["A1", "A2"])
    user = make_user()
    cancelled = make_booking(large, ["E1"], user=user)
    services.cancel_booking(user=user, reference=cancelled.reference)
    services.hold_seats(user=make_user(), show_id=large.pk, labels=["B1"])
    first, second = rows("--by=film", *span())
    assert (first["film"], first["sold"], first["takings"]) == ("'=Large", "2", "500.00")
    assert first["currency"] == "INR"
    assert (first["bookings"], first["cancelled"], first["% sold"]) == ("1", "1", "4.0")
    assert (second["film"], second["sold"]) == ("Small", "1")


def test_a_day_is_that_of_the_cinemas_clock() -> None:
    cinema = make_cinema(timezone="Asia/Kolkata", name="Regal", city="Mumbai")
    show = make_show(screen=make_screen(cinema=cinema))
    # 01:00 on the 2nd in Mumbai.
    Show.objects.filter(pk=show.pk).update(
        starts_at=datetime(2026, 3, 1, 19, 30, tzinfo=UTC),
        ends_at=datetime(2026, 3, 1, 21, 30, tzinfo=UTC),
        busy_until=datetime(2026, 3, 1, 22, tzinfo=UTC),
    )
    assert rows("--from=2026-03-01", "--to=2026-03-01") == []
    (day,) = rows("--from=2026-03-02", "--to=2026-03-02")
    assert (day["day"], day["shows"]) == ("2026-03-02", "1")
    (place,) = rows("--by=cinema", "--from=2026-03-02", "--to=2026-03-02")
    assert (place["cinema"], place["city"]) == ("Regal", "Mumbai")


@pytest.mark.parametrize("by", ["day", "cinema", "film"])
def test_the_bookings_of_a_show_that_the_cinema_cancelled_are_cancelled_ones(by: str) -> None:
    screen = make_screen()
    show = make_show(screen=screen)
    for label in ("A1", "A2", "A3"):
        make_booking(show, [label])
    cancel_show(by=make_user(is_staff=True), show_id=show.pk)
    (line,) = rows(f"--by={by}", *span())
    assert (line["cancelled"], line["bookings"], line["takings"]) == ("3", "0", "0")
    # Nothing was on sale there.
    assert (line["shows"], line["seats"], line["sold"]) == ("0", "0", "0")

    other = make_show(screen=screen, movie=show.movie, starts_at=show.starts_at)
    make_booking(other, ["A1"])
    (line,) = rows(f"--by={by}", *span())
    assert (line["cancelled"], line["bookings"], line["sold"]) == ("3", "1", "1")
    assert (line["shows"], line["seats"]) == ("1", "50")


def test_without_days_it_is_of_the_week_that_is_over_on_the_cinemas_clock() -> None:
    zone, today = zone_on_another_day(timezone.now())
    screen = make_screen(cinema=make_cinema(timezone=zone))
    for days in (0, 1, 7, 8):
        noon = datetime.combine(today - days * A_DAY, time(12), ZoneInfo(zone))
        make_show(screen=screen, starts_at=noon)
    assert [row["day"] for row in rows()] == [f"{today - 7 * A_DAY}", f"{today - A_DAY}"]


def sell_in_two_currencies() -> None:
    """One film and one day: two seats for 500 rupees, one for 12.50 pounds."""
    movie = make_movie("Everywhere")
    make_booking(make_show(movie=movie), ["A1", "A2"])
    london = make_screen(cinema=make_cinema(name="Lantern", city="London", currency="GBP"))
    make_booking(make_show(movie=movie, screen=london, standard_price=Decimal("12.50")), ["A1"])


@pytest.mark.parametrize("by", ["day", "cinema", "film"])
def test_two_currencies_are_never_added(by: str) -> None:
    sell_in_two_currencies()
    pounds, rupees = rows(f"--by={by}", *span())
    assert (pounds["currency"], pounds["takings"], pounds["sold"]) == ("GBP", "12.50", "1")
    assert (rupees["currency"], rupees["takings"], rupees["sold"]) == ("INR", "500.00", "2")
    assert (pounds["shows"], rupees["shows"]) == ("1", "1")


def test_the_table_has_a_total_for_each_currency() -> None:
    sell_in_two_currencies()
    head, _, _, pounds, rupees = report("--by=film", *span()).splitlines()
    assert head.endswith(" takings")
    assert (pounds.split()[0], *pounds.split()[-2:]) == ("total", "GBP", "12.50")
    assert (rupees.split()[0], *rupees.split()[-2:]) == ("total", "INR", "500.00")


def test_one_currency_is_named_in_the_heading_alone() -> None:
    make_booking(make_show(), ["A1"])
    head, line, total = report("--by=film", *span()).splitlines()
    assert head.endswith("takings INR")
    assert "INR" not in line + total


def test_the_table_ends_with_the_total() -> None:
    make_booking(make_show(), ["A1"])
    *_, last = report("--by=cinema", *span()).splitlines()
    assert last.startswith("total")
    assert last.endswith("250.00")
    assert "total" in report("--from=2001-01-01", "--to=2001-01-01")


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(CommandError, match="before"):
        report("--from=2026-01-02", "--to=2026-01-01")


def test_money_is_by_way_of_paying_without_what_goes_back_and_beside_it_what_is_unpaid() -> None:
    show, clerk = make_show(movie=make_movie("Her")), make_user(is_staff=True)
    for label, method in (("A1", "cash"), ("A2", "card"), ("A3", "card"), ("A4", "other")):
        take_at_counter(clerk, make_booking(show, [label]), method)
    online = make_order(make_booking(show, ["E1"]), fee=2_000, state=Order.State.PAID)
    payment = make_payment(online, Payment.State.CAPTURED)
    make_refund(payment, 10_050)
    make_refund(payment, 5_000, state=Refund.State.FAILED)
    reserved = make_order(make_booking(show, ["E2"]), state=Order.State.PAID)
    make_payment(reserved, Payment.State.CAPTURE_DUE)
    make_booking(show, ["B1"])
    (line,) = rows("--by=film", *span())
    assert (line["takings"], line["to_collect"]) == ("2050.00", "250.00")
    assert (line["cash"], line["card"], line["other"]) == ("250.00", "500.00", "250.00")
    assert line["online"] == "319.50"
    *_, total = report("--by=film", *span()).splitlines()
    assert total.split()[-3:] == ["1,319.50", "250.00", "2,050.00"]


def test_what_a_cancelled_show_gives_back_is_no_money_and_nothing_is_to_collect() -> None:
    show = make_show()
    make_paid_booking(show, ["A1"])
    make_booking(show, ["A2"])
    cancel_show(by=make_user(is_staff=True), show_id=show.pk)
    (line,) = rows(*span())
    assert (line["cash"], line["to_collect"], line["cancelled"]) == ("0.00", "0", "2")


def test_the_money_of_archived_shows_counts_too() -> None:
    show = make_show()
    make_paid_booking(show, ["A1"])
    make_booking(show, ["A2"])
    year = timedelta(days=365)
    times = ("starts_at", "ends_at", "busy_until")
    Show.objects.filter(pk=show.pk).update(**{name: F(name) - year for name in times})
    before = timezone.now().date() - year
    days = f"--from={before - 2 * A_DAY}", f"--to={before + 2 * A_DAY}"
    (line,) = rows(*days)
    assert archive_batch(size=1).shows == 1
    assert rows(*days) == [line]
    assert (line["cash"], line["to_collect"], line["takings"]) == ("250.00", "250.00", "500.00")
