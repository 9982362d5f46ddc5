import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.outbox.models import Message
from bookings import services
from bookings.dashboard import site_warnings
from bookings.dashboard.charts import Bar, bar_chart
from bookings.dashboard.services import Funnel, dashboard
from bookings.payments.models import Order, Payment
from bookings.payments.states import PaymentState, RefundState
from bookings.show_changes.services import cancel_show
from bookings.sweep_heartbeat import note_sweep
from bookmyshow.core.observability.people_online import ADDRESS_COUNTS, people_online
from shows.models import Show
from tests.support.admin_site import MOST_QUERIES, staff_client
from tests.support.clocks import NIGHT_IN_MUMBAI
from tests.support.factories import (
    lapse,
    make_booking,
    make_cinema,
    make_screen,
    make_show,
    make_user,
)
from tests.support.money import make_order, make_paid_booking, make_payment, make_refund
from tests.support.servers import OwnValkey

pytestmark = pytest.mark.django_db
PAGE = "/admin/dashboard/"


def test_it_adds_up_what_was_sold_held_and_let_go() -> None:
    show = make_show()
    buyer = make_user()
    make_booking(show, ["A1", "E1"], user=buyer)
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["B1", "B2", "B3"])
    lapse(services.hold_seats(user=make_user(), show_id=show.pk, labels=["C1"]))
    swapped = make_user()
    services.hold_seats(user=swapped, show_id=show.pk, labels=["C2"])
    again = services.hold_seats(user=swapped, show_id=show.pk, labels=["C3"])
    services.confirm_booking(user=swapped, reference=again.reference)
    board = dashboard(at=timezone.now())
    funnel = board.funnel
    assert (funnel.alive, funnel.seats_held) == (1, 3)
    assert (funnel.takings, funnel.seats_sold) == ({"INR": Decimal(250 + 400 + 250)}, 3)
    assert sum(board.hours) == 2
    assert [film.takings for film in board.money[0].films] == [900]
    newcomers = board.newcomers
    assert (newcomers.signed_up, newcomers.booked, newcomers.conversion) == (4, 2, 50)


def test_each_currency_has_its_own_figures(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_booking(make_show(), ["A1", "A2"])
    with django_assert_num_queries(6):
        dashboard(at=timezone.now())
    cache.clear()
    pounds = make_screen(cinema=make_cinema(currency="GBP"))
    make_booking(make_show(screen=pounds, standard_price=Decimal("12.50")), ["A1"])
    with django_assert_num_queries(6):
        board = dashboard(at=timezone.now())
    assert board.funnel.takings == {"GBP": Decimal("12.50"), "INR": Decimal(500)}
    assert (board.funnel.confirmed, board.funnel.seats_sold) == (2, 3)
    by_currency = [
        (figures.currency, sum(day.takings for day in figures.days), figures.best_film)
        for figures in board.money
    ]
    assert by_currency == [
        ("GBP", Decimal("12.50"), Decimal("12.50")),
        ("INR", Decimal(500), Decimal(500)),
    ]
    page = staff_client().get(PAGE).text
    assert "£12.50<br>₹500" in page
    assert "Takings by the day of the show, GBP" in page
    assert "Best films, two weeks around today, INR" in page
    assert "512" not in page


def test_one_currency_is_not_named_on_the_dashboard() -> None:
    make_booking(make_show(), ["A1"])
    page = staff_client().get(PAGE).text
    assert "<dd>₹250</dd>" in page
    assert "INR" not in page


def test_it_shows_the_money_by_way_of_paying_and_what_is_to_be_collected() -> None:
    show = make_show()
    make_paid_booking(show, ["A1", "E1"])
    make_payment(
        make_order(make_booking(show, ["A2"]), state=Order.State.PAID), Payment.State.CAPTURED
    )
    make_booking(show, ["A3", "A4", "A5"])
    (figures,) = dashboard(at=timezone.now()).money
    total = figures.total
    assert [total.takings, total.paid, total.to_collect] == [1650, 900, 750]
    assert [total.online, total.cash, total.card, total.other] == [250, 650, 0, 0]
    page = staff_client().get(PAGE).text
    for name, amount in (("Paid online", "₹250"), ("Cash", "₹650"), ("To be collected", "₹750")):
        assert re.search(rf"<dt>{name}<small>[^<]*</small></dt><dd>{amount}</dd>", page), name


def test_almost_all_is_not_a_hundred_percent() -> None:
    funnel = Funnel(confirmed=2999, ended=3003, alive=0, seats_held=0, takings={}, seats_sold=0)
    assert funnel.conversion == 99


def test_a_cancelled_ticket_was_a_conversion_but_takes_nothing() -> None:
    booking = make_booking(make_show(), ["A1"])
    services.cancel_booking(user=booking.user, reference=booking.reference)
    funnel = dashboard(at=timezone.now()).funnel
    assert (funnel.confirmed, funnel.conversion, funnel.takings) == (1, 100, {"INR": Decimal(0)})


def test_today_is_each_cinemas_own() -> None:
    at = datetime.fromisoformat(NIGHT_IN_MUMBAI)
    mumbai = make_screen(cinema=make_cinema(timezone="Asia/Kolkata", name="Regal"))
    sunday = make_show(screen=mumbai, starts_at=at + timedelta(hours=10))
    make_show(screen=mumbai, starts_at=at - timedelta(hours=10))
    board = dashboard(at=at)
    assert board.todays == [date(2026, 3, 8)]
    assert board.today
    assert (board.today.shows, board.today.seats) == (1, sunday.total_seats)

    london = make_screen(cinema=make_cinema(timezone="Europe/London", name="Lantern"))
    make_show(screen=london, starts_at=at)
    make_show(screen=london, starts_at=at + timedelta(hours=5))
    cache.clear()
    board = dashboard(at=at)
    assert board.todays == [date(2026, 3, 7), date(2026, 3, 8)]
    assert {line.name: line.shows for line in board.cinemas_today} == {
        "Regal, Mumbai": 1,
        "Lantern, Mumbai": 1,
    }
    assert {line.name: line.shows for line in board.cinemas_coming} == {
        "Regal, Mumbai": 1,
        "Lantern, Mumbai": 2,
    }


def test_without_data_the_dashboard_has_no_percentages() -> None:
    board = dashboard(at=timezone.now())
    assert (board.funnel.conversion, board.newcomers.conversion, board.today) == (None, None, None)
    page = staff_client().get(PAGE).content.decode()
    assert "No shows" in page


def test_the_page_costs_the_same_few_queries_however_much_was_sold(
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    client = staff_client()
    make_booking(make_show(), ["A1"])
    client.get(PAGE)
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(MOST_QUERIES) as captured:  # type: ignore[attr-defined]
            client.get(PAGE)
        counts.append(len(captured))
        for _ in range(4):
            make_booking(make_show(), ["A1", "B1"])
    assert counts[0] == counts[1]


def test_a_visitor_who_opens_pages_is_online_once() -> None:
    before = people_online()
    for client in (Client(), Client(headers={"User-Agent": "another"})):
        client.get("/")
        client.get("/")
        client.get("/", headers={"HX-Request": "true"})
    assert people_online() == (before or 0) + 2


def test_one_address_counts_as_few_people_online() -> None:
    for number in range(3 * ADDRESS_COUNTS):
        client = Client(headers={"User-Agent": f"made up {number}"})
        client.cookies[settings.SESSION_COOKIE_NAME] = f"made-up-{number}"
        client.get("/")
    assert 1 < (people_online() or 0) <= ADDRESS_COUNTS


def test_a_person_is_online_once_whatever_browsers_they_have() -> None:
    person = make_user()
    for browser in ("one", "two", "three"):
        client = Client(headers={"User-Agent": browser})
        client.force_login(person)
        client.get("/")
    assert people_online() == 1


def test_with_the_cache_server_away_nobody_is_counted_and_pages_come(
    own_valkey: OwnValkey,
    client: Client,
) -> None:
    own_valkey.stop()
    assert client.get("/").status_code == 200
    assert people_online() is None
    assert staff_client().get(PAGE).status_code == 200


def test_a_chart_says_its_values_and_fits_them() -> None:
    chart = bar_chart([Bar("Mon", 1, "₹1"), Bar("<Tue>", 4, "₹4")], title="Takings")
    assert 'aria-label="Takings: Mon ₹1, &lt;Tue&gt; ₹4"' in chart
    heights = [float(h) for h in re.findall(r'chart__bar "[^>]*height="([\d.]+)"', chart)]
    assert heights == [30, 120]
    assert "chart" in bar_chart([], title="Nothing")


def test_a_cinema_says_how_many_bookings_were_cancelled_with_their_show_too() -> None:
    at = timezone.now()
    cinema = make_cinema(name="Regal")
    for starts_in in (1, 2):
        # Tomorrow's and the day after's, so that midnight changes nothing.
        show = make_show(screen=make_screen(cinema=cinema), starts_in=timedelta(days=starts_in))
        make_booking(show, ["A1"])
    cancel_show(by=make_user(is_staff=True), show_id=show.pk)
    (line,) = dashboard(at=at).cinemas_coming
    assert (line.name, line.shows, line.cancelled) == ("Regal, Mumbai", 1, 1)
    assert "1 booking cancelled" in staff_client().get(PAGE).content.decode()


def test_a_cancelled_show_has_no_takings() -> None:
    booking = make_booking(make_show(), ["A1"])
    Show.objects.filter(pk=booking.show_id).update(status="CANCELLED")
    board = dashboard(at=timezone.now())
    assert board.money[0].films == []


def test_it_says_what_is_not_well(
    own_valkey: OwnValkey, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_warnings, "PING_SECONDS", 60)  # for busy machines
    client = staff_client()
    settings.REDIS_URL = settings.CELERY_BROKER_URL = own_valkey.url
    note_sweep()
    assert "messagelist" not in client.get(PAGE).text
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert "Lapsed holds were last swept 5\xa0minutes ago" in client.get(PAGE).text
    own_valkey.stop()
    page = client.get(PAGE).text
    assert "The cache does not answer" in page
    assert "The task queue does not answer" in page


def test_it_says_which_mails_wait_too_long_or_were_given_up() -> None:
    show = make_show()
    for label in ("A1", "B1"):
        make_booking(show, [label])
    cancel_show(by=make_user(is_staff=True), show_id=show.pk)
    client = staff_client()
    assert "to customers" not in client.get(PAGE).text
    late, given_up = Message.objects.order_by("pk")
    hour = timezone.now() - timedelta(hours=1)
    Message.objects.filter(pk=late.pk).update(due_at=hour)
    Message.objects.filter(pk=given_up.pk).update(given_up_at=timezone.now())
    page = client.get(PAGE).text
    assert "1 mail to customers waits,</a> the oldest for 1\xa0hour." in page
    assert "1 mail to customers could not be sent</a> in the last 7 days." in page


def test_it_says_which_money_waits_too_long_or_for_a_person() -> None:
    client = staff_client()
    order = make_order(make_booking(make_show(), ["A1"]))
    paid = make_payment(order, PaymentState.CAPTURED)
    reserved = make_payment(make_order(make_booking(make_show(), ["A1"])), PaymentState.AUTHORISED)
    assert "reserved payment" not in client.get(PAGE).text
    Payment.objects.filter(pk=reserved.pk).update(updated_at=timezone.now() - timedelta(minutes=3))
    Payment.objects.filter(pk=paid.pk).update(review="another amount was paid")
    make_refund(paid, 100, state=RefundState.FAILED)
    make_refund(paid, 50, state=RefundState.MANUAL)
    page = client.get(PAGE).text
    payments, refunds = "/admin/payments/payment/", "/admin/payments/refund/"
    for address, words in (
        (
            f"{payments}?needs=provider",
            "1 reserved payment waits,</a> the oldest for 3\xa0minutes.",
        ),
        (f"{payments}?needs=person", "1 payment needs a person,</a> the oldest for 0\xa0minutes."),
        (f"{refunds}?needs=person", "1 refund failed,</a>"),
        (f"{refunds}?needs=person", "1 refund is to be handed back,</a>"),
    ):
        assert f'<a href="{address}">{words}' in page
        assert client.get(address).status_code == 200
