"""The cash-up: by clerk and by the cinema's day, counted once, corrected by new rows."""

import csv
from collections.abc import Callable
from datetime import date, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bookings.counter import cash_up
from bookings.counter import services as counter
from bookings.counter.cash_up import Count, Drawer
from bookings.counter.errors import DayNotBegun, DrawerCountedMeanwhile
from bookings.counter.models import CashUp
from bookings.payments.models import Payment
from bookmyshow.core.time import A_DAY, business_day
from shows.models import Cinema, Show
from tests.support.factories import make_booking, make_show, make_user
from tests.support.money import take_at_counter as take
from tests.support.races import at_once

pytestmark = pytest.mark.django_db
PAGE = "/counter/cash-up/"


def make_clerk(*names: str, name: str = "Noor") -> User:
    """Staff with these permissions; by default those of a clerk."""
    clerk = make_user(is_staff=True, name=name)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=names or ["take_money"]))
    clerk.refresh_from_db()
    return clerk


@pytest.fixture
def clerk() -> User:
    return make_clerk()


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def cinema(show: Show) -> Cinema:
    return show.screen.cinema


@pytest.fixture
def today(cinema: Cinema) -> date:
    return business_day(timezone.now(), cinema.tz)


def drawer_of(clerk: User, cinema: Cinema, day: date) -> Drawer:
    (found,) = cash_up.drawers(cinema=cinema, first=day, last=day, clerk=clerk)
    return found


def declare(
    clerk: User,
    cinema: Cinema,
    day: date,
    counted: int,
    *,
    opening: int = 0,
    note: str = "",
    replaces: int | None = None,
) -> CashUp:
    count = Count(opening, counted, note, replaces)
    return cash_up.declare(by=clerk, cinema=cinema, clerk=clerk, day=day, count=count)


def test_a_drawer_has_what_its_clerk_took_and_handed_back(
    clerk: User, show: Show, cinema: Cinema, today: date
) -> None:
    other = make_clerk(name="Ravi")
    take(clerk, make_booking(show, ["A1", "A2"]))
    take(clerk, make_booking(show, ["A3"]), method="card")
    take(other, make_booking(show, ["B1"]))
    mistake = take(clerk, make_booking(show, ["E1"]), method="cash")
    counter.undo_payment(by=clerk, payment_id=mistake.uuid)
    take(clerk, make_booking(make_show(), ["A1"]))  # at another cinema

    drawer = drawer_of(clerk, cinema, today)
    assert drawer.taken == {"cash": 90_000, "card": 25_000}
    assert drawer.back == {"cash": 40_000}
    assert (drawer.cash, drawer.expected, drawer.handed_back) == (50_000, 50_000, 40_000)
    found = cash_up.drawers(cinema=cinema, first=today, last=today)
    assert [str(each.clerk) for each in found] == ["Noor", "Ravi"]
    sums = cash_up.together(found)
    assert (sums["cash_taken"], sums["cash"], sums["handed_back"]) == (115_000, 75_000, 40_000)


def test_what_a_manager_undoes_goes_out_of_the_drawer_it_went_into(
    clerk: User, show: Show, cinema: Cinema, today: date
) -> None:
    payment = take(clerk, make_booking(show, ["A1"]))
    counter.undo_payment(by=make_clerk("oversee_counter"), payment_id=payment.uuid)
    (drawer,) = cash_up.drawers(cinema=cinema, first=today, last=today)
    assert (drawer.clerk, drawer.cash) == (clerk, 0)


def test_a_day_ends_at_four_on_the_cinemas_clock(clerk: User, show: Show, cinema: Cinema) -> None:
    payment = take(clerk, make_booking(show, ["A1"]))
    for clock, day in (("03:59", date(2026, 3, 7)), ("04:00", date(2026, 3, 8))):
        at = datetime.fromisoformat(f"2026-03-08T{clock}:30+05:30")
        Payment.objects.filter(pk=payment.pk).update(captured_at=at)
        found = cash_up.drawers(cinema=cinema, first=date(2026, 3, 1), last=date(2026, 3, 31))
        assert [drawer.day for drawer in found] == [day]
        assert cash_up.drawers(cinema=cinema, first=day, last=day) == found
        assert not cash_up.drawers(cinema=cinema, first=day + A_DAY, last=day + A_DAY)
        assert not cash_up.drawers(cinema=cinema, first=day - A_DAY, last=day - A_DAY)


def test_a_count_is_stored_with_what_was_expected_and_with_a_line(
    clerk: User, show: Show, cinema: Cinema, today: date
) -> None:
    take(clerk, make_booking(show, ["A1"]))
    count = declare(clerk, cinema, today, 120_000, opening=100_000, note="A note was torn.")
    assert (count.opening, count.expected, count.counted) == (100_000, 125_000, 120_000)
    assert (count.difference, cash_up.words(count)) == (-5_000, "₹50 missing")
    line = LogEntry.objects.get(object_id=str(count.pk))
    assert line.change_message == ("Counted: ₹1,200 in the drawer, ₹1,250 expected. ₹50 missing.")
    take(clerk, make_booking(show, ["A2"]))
    assert drawer_of(clerk, cinema, today).since_count == 25_000


def test_a_correction_is_a_new_row_and_needs_the_count_that_stands(
    clerk: User, show: Show, cinema: Cinema, today: date
) -> None:
    take(clerk, make_booking(show, ["A1"]))
    first = declare(clerk, cinema, today, 24_000)
    assert declare(clerk, cinema, today, 24_000) == first, "the same form twice"
    with pytest.raises(DrawerCountedMeanwhile):
        declare(clerk, cinema, today, 25_000)
    second = declare(clerk, cinema, today, 25_000, replaces=first.pk)
    assert second.corrects == first
    assert drawer_of(clerk, cinema, today).cash_up == second
    with pytest.raises(DrawerCountedMeanwhile):
        declare(clerk, cinema, today, 26_000, replaces=first.pk)
    assert CashUp.objects.count() == 2


def test_a_count_is_never_changed_or_deleted(clerk: User, cinema: Cinema, today: date) -> None:
    count = declare(clerk, cinema, today, 0)
    for spoil in (
        lambda: CashUp.objects.update(counted=1),
        lambda: CashUp.objects.filter(pk=count.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            spoil()


def test_a_day_that_has_not_begun_is_not_counted(clerk: User, cinema: Cinema, today: date) -> None:
    with pytest.raises(DayNotBegun):
        declare(clerk, cinema, today + A_DAY, 0)


@pytest.mark.django_db(transaction=True)
def test_a_drawer_that_is_counted_twice_at_once_has_one_count(
    clerk: User, cinema: Cinema, today: date
) -> None:
    results = at_once(lambda n: declare(clerk, cinema, today, 100 + n), 3)
    assert sum(isinstance(result, CashUp) for result in results) == 1
    assert sum(isinstance(result, DrawerCountedMeanwhile) for result in results) == 2, results


def test_a_clerk_sees_and_counts_only_the_own_drawer(
    client: Client, clerk: User, show: Show, cinema: Cinema, today: date
) -> None:
    ravi = make_clerk(name="Ravi")
    take(clerk, make_booking(show, ["A1"]))
    take(ravi, make_booking(show, ["B1", "B2"]))
    client.force_login(clerk)
    page = client.get(PAGE, {"cinema": cinema.slug}).text
    assert "Your drawer" in page
    assert "Ravi" not in page
    of_ravi = f"{PAGE}?clerk={ravi.pk}"
    client.post(of_ravi, {"counted": "250"})
    count = CashUp.objects.get()
    assert (count.clerk, count.by, count.counted) == (clerk, clerk, 25_000)


def test_a_manager_sees_and_counts_every_drawer(
    client: Client, clerk: User, show: Show, cinema: Cinema
) -> None:
    take(clerk, make_booking(show, ["A1"]))
    manager = make_clerk("take_money", "view_cashup", "oversee_counter", name="Boss")
    client.force_login(manager)
    address = f"{PAGE}?clerk={clerk.pk}"
    assert "The drawer of Noor" in client.get(address).text
    page = client.post(address, {"opening": "1,000", "counted": "1250.00"}, follow=True).text
    assert "The count is stored: Exact." in page
    count = CashUp.objects.get()
    assert (count.clerk, count.by, count.opening, count.counted) == (
        *(clerk, manager),
        *(100_000, 125_000),
    )


def test_who_only_reads_can_not_count(client: Client, clerk: User, show: Show) -> None:
    take(clerk, make_booking(show, ["A1"]))
    client.force_login(make_clerk("view_cashup"))
    address = f"{PAGE}?clerk={clerk.pk}"
    page = client.get(address).text
    assert "Noor" in page
    assert "Store the count" not in page
    assert client.post(address, {"counted": "1"}).status_code == 403
    client.force_login(make_clerk("add_admission"))
    assert client.get(PAGE).status_code == 403
    assert not CashUp.objects.exists()


@pytest.mark.parametrize("typed", ["", "a lot", "-5", "12.345", "9" * 20, "NaN"])
def test_a_count_that_is_no_amount_is_said(
    client: Client, clerk: User, show: Show, typed: str
) -> None:
    take(clerk, make_booking(show, ["A1"]))
    client.force_login(clerk)
    page = client.post(PAGE, {"counted": typed})
    assert 'aria-invalid="true"' in page.text
    assert not CashUp.objects.exists()


def test_the_csv_has_a_line_for_each_clerk_and_is_logged(
    client: Client, show: Show, cinema: Cinema, today: date
) -> None:
    clerk = make_clerk("take_money", "view_cashup", name="=Noor")
    take(clerk, make_booking(show, ["A1"]))
    take(make_clerk(name="Ravi"), make_booking(show, ["B1"]), method="other")
    declare(clerk, cinema, today, 24_050, note="+1")
    client.force_login(clerk)
    answer = client.get(f"{PAGE}csv/", {"first": today.isoformat()})
    text = answer.content.decode("utf-8-sig")
    noor, ravi = csv.DictReader(StringIO(text))
    assert (noor["clerk"], noor["cash_taken"], noor["cash_counted"]) == (
        *("'=Noor", "250.00", "240.50"),
    )
    assert (noor["difference"], noor["currency"], noor["note"]) == ("-9.50", "INR", "'+1")
    assert (ravi["other_taken"], ravi["cash_expected"], ravi["cash_counted"]) == (
        *("250.00", "0.00", ""),
    )
    assert "as CSV" in LogEntry.objects.latest("pk").change_message


def test_the_page_costs_the_same_queries_for_many_drawers(
    client: Client, clerk: User, show: Show, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    manager = make_clerk("take_money", "view_cashup", "oversee_counter")
    client.force_login(manager)
    counts = []
    for row in "ABC":
        for place in range(1, 4):
            take(make_clerk(name=f"{row}{place}"), make_booking(show, [f"{row}{place}"]))
        with django_assert_max_num_queries(14) as captured:
            client.get(PAGE)
        counts.append(len(captured))
    assert len(set(counts[1:])) == 1


def test_a_wrong_day_in_the_address_is_today(client: Client, clerk: User, cinema: Cinema) -> None:
    client.force_login(clerk)
    for day in ("", "2026-02-31", "tomorrow", "9999-12-31"):
        assert client.get(PAGE, {"day": day}).status_code == 200
