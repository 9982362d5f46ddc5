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
    monkeypatch.setattr(seatmap, "POINTER_SECONDS", 600.0)  # for busy machines
    show = make_show()
    assert client.get(show.get_absolute_url()).status_code == 200
    with django_assert_num_queries(0):
        assert client.get(show.get_absolute_url()).status_code == 200


def test_a_sale_drops_the_shows_details(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    show = make_show(movie=make_movie("Before"))
    client.get(show.get_absolute_url())
    type(show.movie).objects.update(title="After")
    assert b"Before" in client.get(show.get_absolute_url()).content
    with django_capture_on_commit_callbacks(execute=True):
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert b"After" in client.get(show.get_absolute_url()).content


def test_a_show_that_staff_change_is_seen_at_once(
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


def test_a_show_that_was_archived_while_its_details_are_kept_is_not_found(client: Client) -> None:
    show = make_show()
    assert client.get(show.get_absolute_url()).status_code == 200
    # As `archive_bookings` does: by SQL without signals, so the cache entry stays.
    Show.objects.filter(pk=show.pk).delete()
    cache.delete(seatmap.pointer_key(show.pk))
    assert client.get(show.get_absolute_url()).status_code == 404
