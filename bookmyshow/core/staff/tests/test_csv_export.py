import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bookmyshow.core.staff.csv_export import plain_text
from movies.models import Movie
from tests.support.admin_site import staff_client
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)

pytestmark = pytest.mark.django_db
YEAR = timezone.now().year + 1


def rows_of(response: Any) -> list[list[str]]:
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("app", "model"), [(m._meta.app_label, m._meta.model_name) for m in admin.site._registry]
)
def test_every_list_exports_and_offers_it(app: str, model: str) -> None:
    client = staff_client()
    make_booking(make_show(), ["A1"])
    page = client.get(f"/admin/{app}/{model}/").content.decode()
    assert f"/admin/export/{app}/{model}/" in page
    heads, *rows = rows_of(client.get(f"/admin/export/{app}/{model}/"))
    assert len({len(row) for row in [heads, *rows]}) == 1
    assert not [head for head in heads if not re.fullmatch("[a-z][a-z_]*", head)]
    # No formatting of the page: no HTML entities, no currency signs, only one value per cell.
    assert not [cell for row in rows for cell in row if re.search(r"&\w+;|₹|<|\n| · ", cell)]


def test_the_export_has_the_rows_and_the_order_of_the_filtered_list() -> None:
    for title in ("Her", "It", "Us"):
        make_movie(title)
    make_movie("Unseen", archived_at="2020-01-01T00:00Z")
    client = staff_client()
    titles = [row[1] for row in rows_of(client.get("/admin/export/movies/movie/?o=-2"))[1:]]
    assert titles == ["Us", "It", "Her"]
    found = rows_of(client.get("/admin/export/movies/movie/?q=her"))
    assert [row[1] for row in found[1:]] == ["Her"]
    assert client.get("/admin/export/movies/movie/?nonsense__x=1").status_code in {302, 404}


def test_no_cell_is_a_formula_or_markup() -> None:
    make_booking(make_show(), ["A1"], user=make_user("a@example.com", name="x"))
    make_movie('=HYPERLINK("http://x")')
    rows = rows_of(staff_client().get("/admin/export/movies/movie/"))
    assert '\'=HYPERLINK("http://x")' in [row[1] for row in rows]
    bookings = rows_of(staff_client_again().get("/admin/export/bookings/booking/"))
    assert {"Confirmed", "x", "a@example.com"} <= set(bookings[1])


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_text_begins_like_a_formula(sign: str) -> None:
    assert plain_text(f" {sign}1+1") == f"'{sign}1+1"
    assert plain_text(f"1{sign}1") == f"1{sign}1"


def test_each_column_has_one_value_that_programs_can_read() -> None:
    screen = make_screen(
        cinema=make_cinema(name="Lantern & Co", city="Leeds", timezone="Europe/London")
    )
    show = make_show(
        movie=make_movie("Fast & Furious"),
        screen=screen,
        starts_at=datetime(YEAR, 7, 4, 18, 30, tzinfo=UTC),
        standard_price=Decimal("1250.50"),
    )
    make_booking(show, ["A1", "E1"], user=make_user("ann@example.com", name="Ann & Bob"))
    client = staff_client()

    heads, row = rows_of(client.get("/admin/export/bookings/booking/"))
    booking = dict(zip(heads, row, strict=True))
    assert datetime.fromisoformat(booking.pop("booked_at")).utcoffset() == timedelta()
    assert datetime.fromisoformat(booking.pop("confirmed_at")).utcoffset() == timedelta()
    assert booking.pop("reference").startswith("BMV")
    assert booking == {
        "status": "Confirmed",
        "ended": "",
        "customer": "Ann & Bob",
        "email": "ann@example.com",
        "film": "Fast & Furious",
        "cinema": "Lantern & Co",
        "city": "Leeds",
        "screen": screen.name,
        "starts_at": f"{YEAR}-07-04T19:30:00+01:00",
        "seats": "A1, E1",
        "seat_count": "2",
        "amount": "1650.50",
        "currency": "INR",
    }

    heads, row = rows_of(client.get("/admin/export/shows/show/"))
    shows = dict(zip(heads, row, strict=True))
    assert (shows["standard_price"], shows["premium_price"]) == ("1250.50", "400.00")
    assert (shows["seats"], shows["seats_taken"], shows["currency"]) == ("50", "2", "INR")
    assert shows["ends_at"] == f"{YEAR}-07-04T21:30:00+01:00"


def test_each_export_is_in_the_audit_log() -> None:
    client = staff_client()
    rows_of(client.get("/admin/export/accounts/user/"))
    rows_of(client.get("/admin/export/bookings/booking/?q=ann"))
    staff = User.objects.get(email="staff@example.com")
    lines = LogEntry.objects.order_by("pk").values_list("user", "object_repr", "change_message")
    assert list(lines) == [
        (staff.pk, "users", "Exported as CSV."),
        (staff.pk, "bookings", "Exported as CSV, narrowed by q=ann."),
    ]
    assert "narrowed by q=ann" in client.get("/admin/admin/logentry/").content.decode()
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/export/accounts/nothing/").status_code == 404
    assert LogEntry.objects.count() == 2


def staff_client_again() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_the_number_of_queries_does_not_grow_with_the_list() -> None:
    client = staff_client()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            rows_of(client.get("/admin/export/movies/movie/"))
        return len(captured)

    make_movie()
    before = queries()
    Movie.objects.bulk_create(Movie(title=f"Film {n}", slug=f"bulk-{n}") for n in range(300))
    # BEGIN, COMMIT, the cursor's settings and the line in the audit log among them.
    assert queries() == before <= 9


def test_the_export_needs_the_right_to_view_the_list(client: Client) -> None:
    assert client.get("/admin/export/movies/movie/").status_code == 302
    client.force_login(make_user(is_staff=True))
    assert client.get("/admin/export/movies/movie/").status_code == 403
    assert staff_client_again().get("/admin/export/movies/nothing/").status_code == 404
    assert staff_client_again().get("/admin/export/shows/seat/").status_code == 404
