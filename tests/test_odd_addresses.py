"""Odd values in URLs: each is refused or finds nothing, and none leads to a server error."""

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
    client.raise_request_exception = False
    return client


def failed(client: Client, addresses: Iterator[str]) -> list[str]:
    return [address for address in addresses if client.get(address).status_code >= 500]


@pytest.mark.parametrize("model_admin", ADMINS, ids=str)
def test_no_filter_of_the_admin_fails(
    show: Show, staff: Client, model_admin: "ModelAdmin[Show]"
) -> None:
    meta = model_admin.model._meta
    page = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    names = {"q", "o", "p", "id__exact", *filters(model_admin)}
    assert failed(staff, (f"{page}?{n}={quote(odd)}" for n in sorted(names) for odd in ODD)) == []


def filters(model_admin: "ModelAdmin[Show]") -> Iterator[str]:
    for filtering in model_admin.list_filter:
        if isinstance(filtering, str):
            yield from (f"{filtering}{end}" for end in ("", "__exact", "__id__exact", "__in"))
        elif isinstance(filtering, tuple):
            yield f"{filtering[0]}__isempty"
        else:
            yield str(getattr(filtering, "parameter_name", ""))


def test_no_search_for_a_choice_fails(staff: Client) -> None:
    page = "/admin/autocomplete/?app_label=shows&model_name=screen&field_name=cinema"
    assert failed(staff, (f"{page}&term={quote(odd)}" for odd in ODD)) == []


@pytest.mark.parametrize("page", PAGES)
def test_no_query_of_a_page_fails(show: Show, staff: Client, page: str) -> None:
    path = page.format(film=show.movie.get_absolute_url(), show=show.get_absolute_url())
    assert failed(staff, (f"{path}?{n}={quote(odd)}" for n in PAGES[page] for odd in ODD)) == []


@pytest.mark.parametrize(
    "folder",
    ["/", "/media/", "/static/", "/movies/", "/shows/", "/bookings/", "/admin/", "/api/movies/"],
)
def test_no_name_in_a_path_fails(staff: Client, folder: str) -> None:
    paths = (f"{folder}{quote(name, safe='')}{end}" for name in NAMES for end in ("", "/"))
    assert failed(staff, paths) == []


def test_an_uploaded_file_that_is_not_there_is_not_found(client: Client, db: None) -> None:
    for name in ("x" * 300, "x" * 5000, "%00", "a%00b"):
        assert client.get(f"/media/{name}").status_code == 404
