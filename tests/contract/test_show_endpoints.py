"""docs/api.md's show endpoints over HTTP."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import services
from shows.models import Screen, Show
from shows.seatmap import current as seatmap
from shows.services import archive_cinema
from tests.support.api_client import Api, ApiInProcess, Caller
from tests.support.factories import (
    begin,
    lapse,
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)

SHOW_FIELDS = {
    "id",
    "movieId",
    "movieTitle",
    "cinema",
    "screenId",
    "screenName",
    "startsAt",
    "endsAt",
    "showDate",
    "showTime",
    "format",
    "language",
    "totalSeats",
    "availableSeats",
    "standardPrice",
    "bookingFee",
    "bookingFeePer",
    "premiumPrice",
    "currency",
    "status",
}
SEAT_FIELDS = {"id", "seatRow", "seatNumber", "seatType", "isWheelchair", "price", "isAvailable"}


def ids(api: Caller, query: str) -> list[int]:
    return [show["id"] for show in api.get(f"shows?{query}").data]


@pytest.mark.parametrize("path", ["shows", "shows/upcoming/list"])
def test_coming_shows_are_listed_by_time(api: Api, path: str) -> None:
    later, sooner = make_show(starts_in=timedelta(hours=9)), make_show()
    begin(make_show())
    Show.objects.filter(pk=make_show().pk).update(status="CANCELLED")
    reply = api.get(path)
    assert [show["id"] for show in reply.data] == [sooner.pk, later.pk]
    assert reply.data[0].keys() == SHOW_FIELDS
    assert reply.json["pagination"] == {"page": 1, "limit": 20, "total": 2, "pages": 1}


def test_shows_are_filtered_by_film_cinema_city_and_date(api: Api) -> None:
    cinema = make_cinema(city="Pune", timezone="Asia/Kolkata")
    # 00:30 on the 2nd in Pune, still the 1st in UTC.
    night = datetime(timezone.now().year + 1, 3, 1, 19, 0, tzinfo=UTC)
    show = make_show(screen=make_screen(cinema=cinema), starts_at=night)
    make_show(starts_at=night + timedelta(days=1))
    assert ids(api, f"movieId={show.movie_id}") == [show.pk]
    assert ids(api, f"cinemaId={cinema.pk}") == [show.pk]
    assert ids(api, "city=PUNE") == [show.pk]
    assert ids(api, f"date={night.year}-03-02") == [show.pk], "its date in the cinema's zone"
    assert ids(api, f"date={night.year}-03-01") == []
    assert ids(api, "movieId=4711") == []


UNREADABLE = ["date=tomorrow", "date=2026-02-30", "date=20260101", "date=1700000000", "date="]
UNREADABLE += ["date=2026-01-01T00:00", "movieId=x", "movieId=0", f"cinemaId={2**63}"]
UNREADABLE += ["movieId=1&movieId=2", "page=0", "limit=1000", "city=%00"]


@pytest.mark.parametrize("query", UNREADABLE)
def test_a_query_that_cannot_be_read_is_refused(quick_api: ApiInProcess, query: str) -> None:
    assert quick_api.get(f"shows?{query}").problem == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_time_has_no_show(quick_api: ApiInProcess, day: str) -> None:
    make_show()
    assert ids(quick_api, f"date={day}") == []


def test_a_show_is_read_with_every_seat(api: Api) -> None:
    show = make_show(premium_price=Decimal("400.50"))
    make_booking(show, ["A1"])
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["A2"])
    lapse(services.hold_seats(user=make_user(), show_id=show.pk, labels=["E1", "E2"]))
    reply = api.get(f"shows/{show.pk}")
    assert reply.data.keys() == SHOW_FIELDS | {"seats"}
    assert (reply.data["totalSeats"], reply.data["availableSeats"]) == (50, 48)
    assert reply.data["cinema"].keys() == {"id", "name", "city"}
    seats = {seat["seatNumber"]: seat for seat in reply.data["seats"]}
    assert list(seats)[:2] == ["A1", "A2"]
    assert seats["A1"].keys() == SEAT_FIELDS
    assert [label for label, seat in seats.items() if not seat["isAvailable"]] == ["A1", "A2"]
    assert (seats["E1"]["seatType"], seats["E1"]["price"]) == ("premium", "400.50")
    assert (seats["D1"]["isWheelchair"], seats["D1"]["price"]) == (True, "250.00")


def test_times_have_the_cinemas_offset(api: Api) -> None:
    data = api.get(f"shows/{make_show().pk}").data
    starts_at = datetime.fromisoformat(data["startsAt"])
    assert starts_at.utcoffset() == timedelta(hours=5, minutes=30)
    assert f"{starts_at:%Y-%m-%d %H:%M}" == f"{data['showDate']} {data['showTime']}"


def test_past_and_cancelled_shows_are_read_too(api: Api) -> None:
    past, cancelled = make_show(), make_show()
    begin(past)
    Show.objects.filter(pk=cancelled.pk).update(status="CANCELLED")
    assert api.get(f"shows/{past.pk}").data["status"] == "SCHEDULED"
    assert api.get(f"shows/{cancelled.pk}").data["status"] == "CANCELLED"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_there_is_no_such_show(quick_api: ApiInProcess, method: str) -> None:
    admin = make_user(is_superuser=True)
    for pk in ("0", "4711", str(2**64)):
        assert quick_api.call(method, f"shows/{pk}", by=admin).problem == (404, "NOT_FOUND")
    assert quick_api.call(method, "shows/abc", by=admin).problem == (400, "VALIDATION_ERROR")


def tomorrow(screen: Screen) -> date:
    return timezone.now().astimezone(screen.cinema.tz).date() + timedelta(days=1)


def show_body(screen: Screen, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"movieId": make_movie(language="Hindi").pk, "screenId": screen.pk}
    body |= {"showDate": f"{tomorrow(screen)}", "showTime": "19:30"}
    return body | {"standardPrice": "250.00", "premiumPrice": 400.5} | changes


def test_a_show_is_scheduled_on_the_cinemas_clock(api: Api) -> None:
    screen = make_screen()
    reply = api.post("shows", show_body(screen), by=make_user(is_superuser=True))
    assert reply.status == 201
    assert reply.data.keys() == SHOW_FIELDS
    assert reply.data["showTime"] == "19:30"
    assert reply.data["startsAt"] == f"{tomorrow(screen)}T19:30:00+05:30"
    assert (reply.data["format"], reply.data["language"]) == ("2D", "Hindi")
    assert (reply.data["standardPrice"], reply.data["premiumPrice"]) == ("250.00", "400.50")
    assert reply.data["totalSeats"] == reply.data["availableSeats"] == 50
    assert len(api.get(f"shows/{reply.data['id']}").data["seats"]) == 50


def test_two_shows_never_share_a_screen(api: Api) -> None:
    admin, screen = make_user(is_superuser=True), make_screen()
    assert api.post("shows", show_body(screen), by=admin).status == 201
    reply = api.post("shows", show_body(screen, showTime="21:40"), by=admin)
    assert reply.problem == (409, "SHOW_OVERLAPS")
    assert api.post("shows", show_body(screen, showTime="21:45"), by=admin).status == 201


def test_a_film_without_a_running_time_cannot_be_scheduled(api: Api) -> None:
    body = show_body(make_screen(), movieId=make_movie(duration_minutes=None).pk)
    reply = api.post("shows", body, by=make_user(is_superuser=True))
    assert reply.problem == (409, "MOVIE_NOT_SCHEDULABLE")


def test_a_show_needs_a_film_and_a_screen_that_exist(api: Api) -> None:
    admin, screen = make_user(is_superuser=True), make_screen()
    for change in ({"movieId": 4711}, {"screenId": 4711}):
        reply = api.post("shows", show_body(screen, **change), by=admin)
        assert reply.problem == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"movieId": "1"}, "movieId"),
        ({"movieId": 2**63}, "movieId"),
        ({"screenId": None}, "screenId"),
        ({"showDate": "2020-01-01"}, "showDate"),
        ({"showDate": "9999-12-31"}, "showDate"),
        ({"showDate": "0001-01-01"}, "showDate"),
        ({"showDate": "2026-13-01"}, "showDate"),
        ({"showTime": "24:00"}, "showTime"),
        ({"showTime": "7:30"}, "showTime"),
        ({"standardPrice": -1}, "standardPrice"),
        ({"standardPrice": "1.005"}, "standardPrice"),
        ({"premiumPrice": "1e9"}, "premiumPrice"),
        ({"premiumPrice": "NaN"}, "premiumPrice"),
        ({"premiumPrice": [1]}, "premiumPrice"),
        ({"format": ""}, "format"),
    ],
)
def test_a_show_says_which_field_is_wrong(
    quick_api: ApiInProcess, change: dict[str, Any], field: str
) -> None:
    body = show_body(make_screen()) | change
    reply = quick_api.post("shows", body, by=make_user(is_superuser=True))
    assert reply.problem == (400, "VALIDATION_ERROR")
    assert list(reply.details) == [field]


def test_a_start_in_the_hour_that_clocks_skip_is_refused(api: Api) -> None:
    screen = make_screen(cinema=make_cinema(timezone="America/New_York"))
    year = timezone.now().year + 1
    second_sunday = next(day for day in range(8, 15) if date(year, 3, day).weekday() == 6)
    body = show_body(screen, showDate=f"{year}-03-{second_sunday:02}", showTime="02:30")
    reply = api.post("shows", body, by=make_user(is_superuser=True))
    assert (reply.problem, list(reply.details)) == ((400, "VALIDATION_ERROR"), ["showTime"])


def test_a_plan_that_cannot_be_read_is_told(api: Api) -> None:
    reply = api.post("shows", show_body(make_screen("A xyz")), by=make_user(is_superuser=True))
    assert (reply.problem, list(reply.details)) == ((400, "VALIDATION_ERROR"), ["screenId"])


def test_deleting_a_show_that_stays_locked_is_busy(api: Api) -> None:
    show, admin = make_show(), make_user(is_superuser=True, is_staff=True)
    with transaction.atomic():
        Show.objects.select_for_update().get(pk=show.pk)
        reply = api.call("DELETE", f"shows/{show.pk}", by=admin)
    assert reply.problem == (409, "SHOW_BUSY")
    assert int(reply.headers["Retry-After"]) > 0


def test_a_show_is_deleted_unless_someone_ever_booked_it(api: Api) -> None:
    admin, unsold, sold = make_user(is_superuser=True), make_show(), make_show()
    booking = make_booking(sold, ["A1"])
    services.cancel_booking(user=booking.user, reference=booking.reference)
    deleted = api.call("DELETE", f"shows/{unsold.pk}", by=admin)
    assert (deleted.status, deleted.body) == (204, b"")
    refused = api.call("DELETE", f"shows/{sold.pk}", by=admin)
    assert refused.problem == (409, "SHOW_HAS_BOOKINGS")
    assert list(Show.objects.values_list("pk", flat=True)) == [sold.pk]


@pytest.mark.django_db
def test_reads_cost_the_same_however_long_they_are(
    client: Client, django_assert_num_queries: Any
) -> None:
    movie = make_movie()
    for number in range(4):
        with TestCase.captureOnCommitCallbacks(execute=True):
            show = make_show(movie=movie)
        with django_assert_num_queries(3):
            assert len(client.get("/api/shows").json()["data"]) == number + 1
        with django_assert_num_queries(4):
            client.get(f"/api/movies/{movie.pk}")
        with django_assert_num_queries(2):
            client.get(f"/api/shows/{show.pk}")


def test_a_list_of_shows_is_read_once_and_never_behind_a_seat_a_show_or_a_film(
    quick_api: ApiInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seatmap, "POINTER_SECONDS", 600.0)  # for busy machines
    show = make_show()

    def listed() -> list[Any]:
        data: list[Any] = quick_api.get("shows").data
        return data

    assert [s["availableSeats"] for s in listed()] == [show.total_seats]
    with CaptureQueriesContext(connection) as queries:
        listed()
    assert len(queries) == 0
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert [s["availableSeats"] for s in listed()] == [show.total_seats - 1]
    with TestCase.captureOnCommitCallbacks(execute=True):
        make_show()
    assert len(listed()) == 2
    with TestCase.captureOnCommitCallbacks(execute=True):
        show.movie.title = "Another title"
        show.movie.save()
    assert "Another title" in {s["movieTitle"] for s in listed()}


@pytest.mark.parametrize("what", ["film", "cinema"])
def test_a_show_of_what_is_archived_is_refused_in_the_envelope(
    quick_api: ApiInProcess, what: str
) -> None:
    screen, now = make_screen(), timezone.now()
    gone = make_movie(archived_at=now if what == "film" else None)
    if what == "cinema":
        archive_cinema(screen.cinema, by=make_user(), at=now)
    body = show_body(screen, movieId=gone.pk)
    reply = quick_api.post("shows", body, by=make_user(is_superuser=True))
    assert reply.problem == (409, "ARCHIVED")
    assert "restore it before scheduling shows" in reply.json["error"]["message"]
    assert not Show.objects.exists()
