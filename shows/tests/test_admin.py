import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from bookmyshow.core.time import A_DAY
from shows.models import Cinema, Screen, Seat, Show
from tests.support.admin_site import assert_few_queries, errors_of, staff_client
from tests.support.clocks import zone_on_another_day
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)

pytestmark = pytest.mark.django_db
ADD = "/admin/shows/show/add/"
# A show can be scheduled at most two years ahead.
YEAR = timezone.now().year + 1
EVENING = f"{YEAR}-03-07T19:30"
EVENING_THERE = datetime(YEAR, 3, 7, 19, 30, tzinfo=ZoneInfo("Asia/Kolkata"))


@pytest.fixture
def client(db: None) -> Client:
    return staff_client()


def show_values(**values: Any) -> dict[str, Any]:
    base = {
        "local_start": EVENING,
        "format": "2D",
        "standard_price": "250",
        "premium_price": "400",
    }
    given = values | {
        "movie": (values.get("movie") or make_movie()).pk,
        "screen": (values.get("screen") or make_screen()).pk,
    }
    return base | given


def change(show: Show) -> str:
    return f"/admin/shows/show/{show.pk}/change/"


def delete(show: Show) -> str:
    return f"/admin/shows/show/{show.pk}/delete/"


LANTERN = {
    "name": "Lantern",
    "slug": "lantern",
    "city": "London",
    "timezone": "Europe/London",
    "currency": "GBP",
    "booking_fee": "0.50",
    "booking_fee_per": "ticket",
}


def screen_rows(*plans: str) -> dict[str, str]:
    rows = {"screens-TOTAL_FORMS": str(len(plans)), "screens-INITIAL_FORMS": "0"}
    for number, plan in enumerate(plans):
        rows[f"screens-{number}-name"] = f"Screen {number + 1}"
        rows[f"screens-{number}-cleaning_minutes"] = "15"
        rows[f"screens-{number}-seating_plan"] = plan
    return rows


@pytest.mark.parametrize("model", ["shows_cinema", "shows_screen", "shows_show"])
def test_lists_need_few_queries_for_many_rows(client: Client, model: str) -> None:
    assert_few_queries(client, model, lambda: make_booking(make_show(), ["A1"]))


def test_a_cinema_is_made_with_its_screens(client: Client) -> None:
    response = client.post("/admin/shows/cinema/add/", LANTERN | screen_rows("A ss", "B ss_ss"))

    assert response.status_code == 302
    assert [screen.name for screen in Cinema.objects.get().screens.all()] == [
        "Screen 1",
        "Screen 2",
    ]


def test_an_error_of_the_plan_names_its_line(client: Client) -> None:
    page = client.post("/admin/shows/cinema/add/", LANTERN | screen_rows("A ss\nB sxs")).text

    assert "Line 2: &#x27;x&#x27; is not a cell" in page
    assert not Cinema.objects.exists()


def test_an_unknown_time_zone_is_refused(client: Client) -> None:
    cinema = LANTERN | {"timezone": "London"}

    errors = errors_of(client.post("/admin/shows/cinema/add/", cinema | screen_rows()))

    assert "timezone" in errors


def test_a_screen_is_made_and_its_plan_drawn(client: Client) -> None:
    values = {
        "cinema": make_cinema().pk,
        "name": "Audi 1",
        "cleaning_minutes": "20",
        "seating_plan": "A ss_ss\r\n\r\nB pwWp",
    }

    assert client.post("/admin/shows/screen/add/", values).status_code == 302

    page = client.get(f"/admin/shows/screen/{Screen.objects.get().pk}/change/").text
    assert 'aria-label="8 seats, the screen above"' in page
    assert errors_of(client.post("/admin/shows/screen/add/", values)) == {
        "__all__": ["Screen with this Cinema and Name already exists."]
    }


def test_a_show_starts_on_the_cinemas_clock_and_has_its_seats(client: Client) -> None:
    screen = make_screen("A ss\nB pp", cinema=make_cinema(timezone="Asia/Kolkata"))
    movie = make_movie(duration_minutes=100, language="Tamil")

    response = client.post(ADD, show_values(movie=movie, screen=screen), follow=True)

    show = Show.objects.get()
    assert show.starts_at == EVENING_THERE
    assert show.ends_at - show.starts_at == timedelta(minutes=100)
    assert show.language == "Tamil"
    assert show.seats.count() == show.available_seats == 4
    assert f"07 Mar {YEAR} 19:30" in response.text


def test_the_form_names_the_cinemas_clock(client: Client) -> None:
    make_cinema(city="Mumbai", timezone="Asia/Kolkata")
    make_cinema(city="London", timezone="Europe/London")

    page = client.get(ADD).text

    assert "clock: London Europe/London, Mumbai Asia/Kolkata." in page


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"local_start": "2020-01-01T10:00"}, "local_start", "in the past"),
        ({"local_start": f"{YEAR + 2}-01-01T10:00"}, "local_start", "two years ahead"),
        ({"local_start": "tomorrow"}, "local_start", "for example 2027-01-08 19:00"),
        ({"local_start": "2031-03-07"}, "local_start", "for example 2027-01-08 19:00"),
        ({"local_start": "2031-03-07T10:00+01:00"}, "local_start", "for example 2027-01-08 19:00"),
        ({"local_start": ""}, "local_start", "This field is required."),
        ({"standard_price": "-1"}, "standard_price", "greater than or equal to 0"),
        ({"premium_price": "lots"}, "premium_price", "Enter a number."),
    ],
)
def test_errors_of_the_form_are_shown_at_their_field(
    client: Client, values: dict[str, Any], field: str, message: str
) -> None:
    errors = errors_of(client.post(ADD, show_values(**values)))

    assert list(errors) == [field]
    assert message in errors[field][0]
    assert not Show.objects.exists()


def test_a_film_without_a_running_time_can_not_be_scheduled(client: Client) -> None:
    untimed = make_movie("Untimed", duration_minutes=None)

    errors = errors_of(client.post(ADD, show_values(movie=untimed)))

    assert errors == {"movie": ["Untimed has no running time; set it before scheduling the film."]}


def test_an_overlap_names_the_other_show(client: Client) -> None:
    screen = make_screen(name="Audi 1", cinema=make_cinema(name="Regal", timezone="Asia/Kolkata"))
    client.post(ADD, show_values(movie=make_movie("RRR", duration_minutes=180), screen=screen))

    errors = errors_of(
        client.post(ADD, show_values(screen=screen, local_start=f"{YEAR}-03-07T22:00"))
    )

    assert errors == {
        "local_start": [
            f"Regal · Audi 1 has RRR from {EVENING_THERE:%a} 07 Mar 19:30 to 22:45 (cleaning"
            " included); this show would need it until 00:15."
        ]
    }


def test_a_time_that_the_clocks_skip_is_refused(client: Client) -> None:
    screen = make_screen(cinema=make_cinema(timezone="Europe/London"))

    errors = errors_of(client.post(ADD, show_values(screen=screen, local_start="2031-03-30T01:30")))

    assert errors == {"local_start": ["The clocks go forward over this time; choose another."]}


def test_a_lost_race_for_the_screen_gets_a_message(client: Client) -> None:
    """Another member of staff schedules a show after the form's check, before the insert."""
    screen = make_screen()
    values = show_values(screen=screen)
    others: list[Show] = []

    def be_quicker(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "shows_show"') and not others:
            others.append(Show())
            others[0] = make_show(screen=screen, starts_at=EVENING_THERE)
        return execute(sql, *rest)

    with connection.execute_wrapper(be_quicker):
        response = client.post(ADD, values, follow=True)

    assert others
    assert "has another show between" in response.text


def test_new_prices_leave_the_counter_and_the_sold_alone(client: Client) -> None:
    show = make_show()
    booking = make_booking(show, ["A1", "E1"])
    values = {"format": "3D", "language": "Hindi", "standard_price": "99", "premium_price": "101"}

    response = client.post(change(show), values | {"movie": make_movie().pk, "total_seats": "1"})

    assert response.status_code == 302
    fresh = Show.objects.get(pk=show.pk)
    assert (fresh.standard_price, fresh.premium_price) == (Decimal(99), Decimal(101))
    assert fresh.format == "3D"
    assert (fresh.movie_id, fresh.screen_id) == (show.movie_id, show.screen_id)
    assert (fresh.starts_at, fresh.total_seats, fresh.available_seats) == (show.starts_at, 50, 48)
    booking.refresh_from_db()
    assert booking.seat_prices == [Decimal(250), Decimal(400)]


def test_a_show_without_bookings_can_be_deleted(client: Client) -> None:
    show = make_show()
    page = client.get(delete(show)).text
    assert "with its 50 seats" in page
    assert page.count("<li>") < 20

    client.post(delete(show), {"post": "yes"})

    assert not Show.objects.exists()
    assert not Seat.objects.exists()


def test_a_show_with_bookings_can_not_be_deleted(client: Client) -> None:
    show = make_show()
    make_booking(show, ["A1"])

    page = client.post(delete(show), {"post": "yes"}).text

    assert "it has 1 booking (those that ended count too)" in page
    assert Show.objects.filter(pk=show.pk).exists()


def test_of_many_chosen_shows_none_is_deleted_if_one_has_bookings(client: Client) -> None:
    shows = [make_show(), make_show()]
    make_booking(shows[0], ["A1"])
    chosen = {"action": "delete_selected", "_selected_action": [show.pk for show in shows]}

    client.post("/admin/shows/show/", chosen | {"post": "yes"})
    assert Show.objects.count() == 2

    chosen["_selected_action"] = [shows[1].pk]
    client.post("/admin/shows/show/", chosen | {"post": "yes"})
    assert list(Show.objects.all()) == [shows[0]]


def test_a_screen_with_shows_can_not_be_deleted(client: Client) -> None:
    screen = make_show().screen

    client.post(f"/admin/shows/screen/{screen.pk}/delete/", {"post": "yes"})

    assert Screen.objects.filter(pk=screen.pk).exists()


def test_the_list_shows_day_place_and_how_full_each_show_is(client: Client) -> None:
    tomorrow = make_show(starts_in=timedelta(days=1), movie=make_movie("Tomorrow's film"))
    make_show(starts_in=timedelta(days=3), movie=make_movie("Later film"))
    make_booking(tomorrow, ["A1", "A2"], user=make_user())

    page = client.get("/admin/shows/show/", {"day": f"{tomorrow.local_start:%Y-%m-%d}"}).text

    assert "2 of 50" in page
    assert f"{tomorrow.screen}<br><small>{tomorrow.screen.cinema.city}" in page
    assert "Later film" not in page


def test_the_days_to_choose_from_begin_with_the_cinemas_own(client: Client) -> None:
    zone, today = zone_on_another_day(timezone.now())
    make_show(screen=make_screen(cinema=make_cinema(timezone=zone)))

    page = client.get("/admin/shows/show/").text

    days = re.findall(r'\?day=(\d{4}-\d\d-\d\d)"', page)
    assert days == [f"{today + n * A_DAY}" for n in range(7)]


def test_months_and_days_are_those_of_the_cinemas_calendar(client: Client) -> None:
    for hour, title in ((18, "Late on the last"), (19, "Early on the first")):
        starts_at = datetime(2026, 2, 28, hour, tzinfo=UTC)
        make_show(starts_at=starts_at, movie=make_movie(title))

    for when, seen in (
        ("2026-02", "Late on the last"),
        ("2026-03", "Early on the first"),
        ("2026-02-28", "Late on the last"),
        ("2026-03-01", "Early on the first"),
    ):
        page = client.get("/admin/shows/show/", {"when": when}).text
        assert [t for t in ("Late on the last", "Early on the first") if t in page] == [seen]


@pytest.mark.parametrize("day", ["coming", "past", "", "nonsense", "2031-01-01"])
def test_any_day_can_be_asked_for(client: Client, day: str) -> None:
    make_show()

    assert client.get("/admin/shows/show/", {"day": day}, follow=True).status_code == 200
