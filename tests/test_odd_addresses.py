"""Odd values in URLs: each is refused or finds nothing. None causes a server error."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.test import Client
from django.urls import reverse

from shows.models import Show
from tests.support.admin_site import staff_client
from tests.support.factories import make_booking, make_show

ODD = ["\0", "a\0b", "text", "9" * 30, "-1", "é" * 300, "2026-13-45"]
NAMES = [*ODD, "x" * 300, "x" * 5000]
ADMINS = list(admin.site._registry.values())
# Paths, and the query parameters that their views read.
PAGES = {
    "/": ("q", "list", "city", "genre", "language", "format", "sort", "page", "day"),
    "{film}": ("day", "city", "language", "format"),
    "{film}poster.svg": ("v",),
    "{show}": ("seats", "day", "city"),
    "{show}seats/": ("v", "seats"),
    "{show}best/": ("count", "type", "seats"),
    "/bookings/": ("page",),
    "/door/": ("show", "cinema", "day"),
    "/accounts/login/": ("next",),
    "/accounts/signup/": ("next",),
    "/admin/dashboard/": ("day", "city"),
    "/admin/shows/show/day/": ("day", "cinema"),
    "/admin/shows/show/plan/": ("movies", "screens", "first_day"),
    "/sitemap.xml": ("p",),
}


@pytest.fixture
def show(db: None) -> Show:
    show = make_show()
    make_booking(show, ["A1"])
    return show


@pytest.fixture
def staff(db: None) -> Client:
    client = staff_client()
    # An exception in a view becomes a response with status 500, as it does in production.
    client.raise_request_exception = False
    return client


def server_errors(client: Client, urls: Iterator[str]) -> list[str]:
    """The URLs that answer with a status of 500 or above."""
    return [url for url in urls if client.get(url).status_code >= 500]


@pytest.mark.parametrize("model_admin", ADMINS, ids=str)
def test_odd_values_in_filters_of_the_admin_cause_no_server_error(
    show: Show, staff: Client, model_admin: "ModelAdmin[Show]"
) -> None:
    meta = model_admin.model._meta
    page = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    names = {"q", "o", "p", "id__exact", *filter_parameters(model_admin)}
    urls = (f"{page}?{name}={quote(odd)}" for name in sorted(names) for odd in ODD)
    assert server_errors(staff, urls) == []


def filter_parameters(model_admin: "ModelAdmin[Show]") -> Iterator[str]:
    """The query parameters of the admin's list filters."""
    for list_filter in model_admin.list_filter:
        if isinstance(list_filter, str):
            for lookup in ("", "__exact", "__id__exact", "__in"):
                yield f"{list_filter}{lookup}"
        elif isinstance(list_filter, tuple):
            # A pair of a field and EmptyFieldListFilter.
            yield f"{list_filter[0]}__isempty"
        else:
            yield str(getattr(list_filter, "parameter_name", ""))


def test_odd_search_texts_in_autocomplete_fields_cause_no_server_error(staff: Client) -> None:
    page = "/admin/autocomplete/?app_label=shows&model_name=screen&field_name=cinema"
    assert server_errors(staff, (f"{page}&term={quote(odd)}" for odd in ODD)) == []


@pytest.mark.parametrize("page", PAGES)
def test_odd_query_values_cause_no_server_error(show: Show, staff: Client, page: str) -> None:
    path = page.format(film=show.movie.get_absolute_url(), show=show.get_absolute_url())
    urls = (f"{path}?{name}={quote(odd)}" for name in PAGES[page] for odd in ODD)
    assert server_errors(staff, urls) == []


@pytest.mark.parametrize(
    "folder",
    ["/", "/media/", "/static/", "/movies/", "/shows/", "/bookings/", "/admin/", "/api/movies/"],
)
def test_odd_names_in_paths_cause_no_server_error(staff: Client, folder: str) -> None:
    paths = (f"{folder}{quote(name, safe='')}{slash}" for name in NAMES for slash in ("", "/"))
    assert server_errors(staff, paths) == []


def test_a_missing_uploaded_file_answers_404(client: Client, db: None) -> None:
    for name in ("x" * 300, "x" * 5000, "%00", "a%00b"):
        assert client.get(f"/media/{name}").status_code == 404
