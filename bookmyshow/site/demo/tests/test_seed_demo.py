import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from accounts.models import User
from bookings.integrity.checks import RULES
from bookings.models import Booking
from bookings.payments.models import Order, Payment
from bookmyshow.core.currencies import to_minor
from bookmyshow.core.time import database_now
from bookmyshow.site.demo import seating
from bookmyshow.site.demo.accounts import CROWD_SIZE
from bookmyshow.site.demo.cinemas import CINEMAS
from bookmyshow.site.demo.films import FILMS
from bookmyshow.site.demo.schedule import Slot, programme
from bookmyshow.site.demo.seed import NotADemo, seed
from movies.models import Movie
from movies.posters.drawing.design import design
from shows.listings.films import films
from shows.models import Cinema, Screen, Seat, Show
from shows.seating.plan import parse_plan
from shows.tax_numbers import gstin_problem
from shows.waiting_room.models import OnSale, Place

RELEASED = tuple(film for film in FILMS if not film.returns_in_weeks)
PASSWORD = "popcorn-and-a-show"


@pytest.fixture
def now(db: None) -> datetime:
    return database_now()


def run(**options: bool) -> list[str]:
    out = StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue().splitlines()


def breaches() -> list[Any]:
    found = []
    with connection.cursor() as cursor:
        for query in RULES.values():
            cursor.execute(query)
            found += cursor.fetchall()
    return found


def everything() -> dict[str, dict[int, tuple[Any, ...]]]:
    models: tuple[Any, ...] = (Booking, Cinema, Movie, Screen, Seat, Show, User)
    return {
        model.__name__: {row[0]: row for row in model.objects.values_list("pk", *columns(model))}
        for model in models
    }


def columns(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def test_an_empty_database_becomes_a_whole_site(now: datetime) -> None:
    lines = run(public_password=True)

    assert lines[-1].startswith(f"Created {len(FILMS)} films, 6 cinemas, 14 screens, ")
    assert films().with_showing(at=now).on_screen().count() >= 30
    assert films().coming_soon(at=now).count() >= 5
    assert Cinema.objects.values("city").distinct().count() == 3
    assert Cinema.objects.values("timezone").distinct().count() >= 2
    for cinema in Cinema.objects.all():
        today = now.astimezone(cinema.tz).date()
        days = {show.local_start.date() for show in Show.objects.filter(screen__cinema=cinema)}
        assert days == {today + timedelta(days=count) for count in range(7)}

    assert Show.objects.filter(available_seats=0).exists()
    assert Show.objects.filter(available_seats__gt=0, available_seats__lt=10).exists()
    assert Show.objects.filter(available_seats=F("total_seats")).exists()
    assert breaches() == []

    sale = OnSale.objects.get()
    assert Place.objects.filter(on_sale=sale).count() == CROWD_SIZE
    assert sale.show
    assert sale.show.available_seats == sale.show.total_seats
    assert any(f"/waiting-room/{sale.pk}/" in line for line in lines)

    customer = User.objects.get(email="demo@bookmyshow.example")
    staff = User.objects.get(email="staff@bookmyshow.example")
    assert customer.check_password(PASSWORD)
    assert customer.bookings.exists()
    assert not customer.is_staff
    assert staff.check_password(PASSWORD)
    assert staff.is_superuser
    assert any(staff.email in line and PASSWORD in line for line in lines)


def test_running_again_adds_missing_days_and_touches_nothing_else(now: datetime) -> None:
    # A site with other accounts gets the demo data only with `force`.
    User.objects.create_user("asha@example.com", name="Asha")
    with pytest.raises(NotADemo):
        seed(now=now, password=PASSWORD)
    seed(now=now, password=PASSWORD, force=True)
    Show.objects.update(standard_price=F("standard_price") + 7)
    Movie.objects.filter(title="RRR").update(description="Edited by staff.")
    User.objects.filter(email="staff@bookmyshow.example").update(password="changed")
    before = everything()

    again = seed(now=now, password=PASSWORD)

    assert str(again) == "0 films, 0 cinemas, 0 screens, 0 shows, 0 bookings, 0 accounts"
    assert everything() == before

    later = seed(now=now + timedelta(days=2), password=PASSWORD)

    assert (later.films, later.cinemas, later.screens, later.accounts) == (0, 0, 0, 0)
    after = everything()
    for model, rows in before.items():
        assert {pk: after[model].get(pk) for pk in rows} == rows
    added = Show.objects.exclude(pk__in=before["Show"]).select_related("screen__cinema")
    assert later.shows == len(added) > 0
    for show in added:
        today = now.astimezone(show.screen.cinema.tz).date()
        assert show.local_start.date() in {today + timedelta(days=7), today + timedelta(days=8)}
    assert breaches() == []


def test_the_clerk_took_the_money_of_the_shows_that_have_begun(now: datetime) -> None:
    seed(now=now, password=PASSWORD)
    clerk = User.objects.get(email="clerk@bookmyshow.example")
    assert clerk.has_perm("counter.take_money")
    assert not clerk.is_superuser
    tickets = Booking.objects.filter(status="CONFIRMED")
    begun = tickets.filter(show__starts_at__lte=now)
    assert begun.count() == Payment.objects.filter(taken_by=clerk).count()
    assert not Order.objects.exclude(booking__in=begun).exists()
    assert breaches() == []


def test_a_site_with_customers_of_its_own_is_refused(db: None) -> None:
    User.objects.create_user("asha@example.com", name="Asha")

    with pytest.raises(CommandError, match=r"this database already has 1 user \(--force"):
        run()

    assert not Cinema.objects.exists()
    assert User.objects.count() == 1


def test_accounts_get_a_password_that_is_printed_once(db: None) -> None:
    lines = run()
    staff = User.objects.get(email="staff@bookmyshow.example")
    assert not staff.check_password(PASSWORD)
    printed = next(line for line in lines if staff.email in line).split()[-1]
    assert staff.check_password(printed)
    again = next(line for line in run() if staff.email in line)
    assert again.endswith("password of the first run")


def test_a_site_that_others_reach_gets_no_public_password(db: None, settings: Any) -> None:
    settings.SITE_URL = "https://tickets.example"
    with pytest.raises(CommandError, match=r"tickets\.example"):
        run(public_password=True)
    assert not User.objects.exists()


def week_from(day: date) -> Iterator[Slot]:
    for cinema in CINEMAS:
        for count in range(7):
            yield from programme(cinema, RELEASED, day + timedelta(days=count))


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2027, 3, 26), date(2027, 10, 29)])
def test_every_film_is_shown_within_a_week(day: date) -> None:
    assert {slot.film.title for slot in week_from(day)} == {film.title for film in RELEASED}


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2027, 3, 26), date(2027, 10, 29)])
def test_most_shows_are_of_about_twenty_films_and_the_leading_films_have_many(day: date) -> None:
    week = list(week_from(day))
    shows = Counter(slot.film.title for slot in week)
    often = [title for title, count in shows.items() if count > 1]

    assert 18 <= len(often) <= 24
    assert sum(shows[title] for title in often) > 0.9 * len(week)
    assert all(count >= 25 for _, count in shows.most_common(4))


def test_the_programme_is_the_same_each_time() -> None:
    assert list(week_from(date(2026, 11, 22))) == list(week_from(date(2026, 11, 22)))


def test_halls_range_from_40_to_500_seats() -> None:
    sizes = sorted(len(parse_plan(screen.plan)) for c in CINEMAS for screen in c.screens)

    assert (sizes[0], sizes[-1]) == (40, 500)
    assert any(290 <= size <= 310 for size in sizes)


def test_every_hall_has_wheelchair_places_and_one_goes_past_row_z() -> None:
    plans = [parse_plan(screen.plan) for cinema in CINEMAS for screen in cinema.screens]

    assert all(any(seat.is_wheelchair for seat in plan) for plan in plans)
    assert any(seat.row == "BB" for seat in parse_plan(seating.DEEP))
    assert {seat.row for seat in parse_plan(seating.NUMBERED)} == set(map(str, range(1, 12)))


def in_order(row: str) -> tuple[int, int, str]:
    """Rows as a hall names them: 1 … 11, or A … Z, AA, BB."""
    return (int(row), 0, "") if row.isdecimal() else (0, len(row), row)


def test_rows_run_from_front_to_back_and_seats_from_left_to_right() -> None:
    for plan in {screen.plan for cinema in CINEMAS for screen in cinema.screens}:
        seats = parse_plan(plan)
        names = list(dict.fromkeys(seat.row for seat in seats))
        assert names == sorted(names, key=in_order)
        if plan != seating.THEATRE:  # odd numbers to the left, even ones to the right
            for row in names:
                numbers = [int(seat.number) for seat in seats if seat.row == row]
                assert numbers == sorted(numbers)


def test_films_have_certificates_of_the_board_of_most_cinemas() -> None:
    classes = {"U", "UA", "UA 7+", "UA 13+", "UA 16+", "A"}
    assert {film.certification for film in FILMS} <= classes


def test_few_films_share_the_motif_of_their_poster() -> None:
    motifs = Counter(design(film.title, film.genres, film.released.year).family for film in FILMS)
    assert max(motifs.values()) <= 3
    assert len(motifs) >= 39


STATES = {"IN-MH": "27", "IN-KA": "29"}


def test_tax_numbers_have_the_right_form_and_belong_to_no_company() -> None:
    for money in (cinema.money for cinema in CINEMAS if cinema.money.currency == "INR"):
        assert re.fullmatch(r"\d\d[A-Z]{3}C[A-Z]0000[A-Z]1Z[0-9A-Z]", money.tax_number)
        assert money.tax_number.startswith(STATES[money.tax_place])
        assert gstin_problem(money.tax_number) == ""


def test_london_sells_in_pounds_and_india_in_rupees_with_a_fee_for_each_ticket(
    now: datetime,
) -> None:
    seed(now=now, password=PASSWORD)
    for cinema in Cinema.objects.all():
        assert cinema.currency == ("GBP" if cinema.city == "London" else "INR")
        if cinema.currency == "INR":
            assert (cinema.booking_fee, cinema.booking_fee_per) == (Decimal(20), "ticket")
        assert cinema.legal_name
        prices = {
            price
            for show in Show.objects.filter(screen__cinema=cinema)
            for price in (show.standard_price, show.premium_price)
        }
        least, most = (Decimal(8), Decimal(25)) if cinema.currency == "GBP" else (100, 1200)
        assert least <= min(prices) <= max(prices) <= most
        assert all(to_minor(price, cinema.currency) for price in prices)


def test_a_demo_from_before_currencies_keeps_prices_in_rupees(now: datetime) -> None:
    seed(now=now - timedelta(days=30), password=PASSWORD)
    Cinema.objects.update(currency="INR")
    Show.objects.filter(screen__cinema__city="London").update(
        standard_price=1350, premium_price=1650
    )
    seed(now=now, password=PASSWORD)
    london = Show.objects.filter(screen__cinema__city="London", starts_at__gt=now)
    assert london.exists()
    assert min(show.standard_price for show in london) >= 800
