"""The cached details of a show, and what drops them."""

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from bookings import services
from shows.models import Show
from shows.seatmap import current as seatmap
from tests.support.factories import make_movie, make_show, make_user

pytestmark = pytest.mark.django_db


def test_an_open_show_page_is_served_from_the_cache(
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The pointer must not expire between the two requests, even on a busy machine.
    monkeypatch.setattr(seatmap, "POINTER_SECONDS", 600.0)
    show = make_show()
    assert client.get(show.get_absolute_url()).status_code == 200
    with django_assert_num_queries(0):
        assert client.get(show.get_absolute_url()).status_code == 200


def test_a_hold_drops_the_cached_details_of_its_show(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    show = make_show(movie=make_movie("Before"))
    client.get(show.get_absolute_url())
    # `update` sends no signal, so the old title stays in the cache.
    type(show.movie).objects.update(title="After")
    assert b"Before" in client.get(show.get_absolute_url()).content
    with django_capture_on_commit_callbacks(execute=True):
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert b"After" in client.get(show.get_absolute_url()).content


def test_a_saved_change_of_a_show_is_visible_at_once(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    show = make_show(format="2D")
    client.get(show.get_absolute_url())
    with django_capture_on_commit_callbacks(execute=True):
        show.format = "IMAX"
        show.save()
    assert b"IMAX" in client.get(show.get_absolute_url()).content


def test_an_unknown_show_is_not_cached(client: Client) -> None:
    assert client.get("/shows/999999/").status_code == 404
    assert not Show.objects.filter(pk=999999).exists()
    assert client.get("/shows/999999/").status_code == 404


def test_an_archived_show_is_not_found_while_its_details_are_cached(client: Client) -> None:
    show = make_show()
    assert client.get(show.get_absolute_url()).status_code == 200
    # `archive_bookings` deletes shows by SQL, so nothing drops the cached details. A delete here
    # does not drop them either. The pointer expires after some seconds.
    Show.objects.filter(pk=show.pk).delete()
    cache.delete(seatmap.pointer_key(show.pk))
    assert client.get(show.get_absolute_url()).status_code == 404
