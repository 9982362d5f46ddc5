import csv
import io
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from movies.models import Movie
from tests.admin_site import staff_client
from tests.factories import make_booking, make_movie, make_show, make_user

pytestmark = pytest.mark.django_db


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


def test_it_has_the_rows_of_the_list_filtered_searched_and_sorted() -> None:
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
    assert "Confirmed" in bookings[1]
    assert "x · a@example.com" in bookings[1]


def staff_client_again() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_a_long_list_is_read_with_the_same_few_queries() -> None:
    client = staff_client()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            rows_of(client.get("/admin/export/movies/movie/"))
        return len(captured)

    make_movie()
    before = queries()
    Movie.objects.bulk_create(Movie(title=f"Film {n}", slug=f"bulk-{n}") for n in range(300))
    # BEGIN, COMMIT and the cursor's settings among them.
    assert queries() == before <= 8


def test_only_who_may_see_a_list_may_take_it_home(client: Client) -> None:
    assert client.get("/admin/export/movies/movie/").status_code == 302
    client.force_login(make_user(is_staff=True))
    assert client.get("/admin/export/movies/movie/").status_code == 403
    assert staff_client_again().get("/admin/export/movies/nothing/").status_code == 404
    assert staff_client_again().get("/admin/export/shows/seat/").status_code == 404
