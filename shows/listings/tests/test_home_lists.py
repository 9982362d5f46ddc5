from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from movies.models import Genre, Movie
from shows.models import Show
from shows.waiting_room import list_notes
from tests.support.factories import make_cinema, make_movie, make_show
from tests.support.home import shown

pytestmark = pytest.mark.django_db


def test_a_cached_home_page_makes_no_query(
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(list_notes, "KEPT_SECONDS", 600)  # for busy machines
    make_show(movie=make_movie("Kept", rating=8))
    make_movie("Soon", release_date=timezone.now().date() + timedelta(days=9))
    first = client.get("/").content
    with django_assert_num_queries(0):
        assert client.get("/").content == first


def a_film_is_renamed() -> None:
    film = Movie.objects.get(title="Before")
    film.title = "After"
    film.save()


def a_film_is_deleted() -> None:
    Movie.objects.get(title="Unseen").delete()


def a_film_gets_a_genre() -> None:
    Movie.objects.get(title="Before").genres.add(Genre.objects.get(name="Drama"))


def a_genre_is_renamed() -> None:
    genre = Genre.objects.get(name="Noir")
    genre.name = "Film noir"
    genre.save()


def a_show_is_scheduled() -> None:
    make_show(movie=make_movie("Newcomer"))


def a_show_is_cancelled() -> None:
    show = Show.objects.get()
    show.status = Show.Status.CANCELLED
    show.save()


def a_cinema_moves_to_another_city() -> None:
    cinema = Show.objects.get().screen.cinema
    cinema.city = "Pune"
    cinema.save()


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (a_film_is_renamed, "After"),
        (a_film_is_deleted, None),
        (a_film_gets_a_genre, "Drama"),
        (a_genre_is_renamed, "Film noir"),
        (a_show_is_scheduled, "Newcomer"),
        (a_show_is_cancelled, None),
        (a_cinema_moves_to_another_city, "Pune"),
    ],
)
def test_the_lists_are_dropped_when(
    client: Client,
    change: Callable[[], None],
    seen: str | None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    film = make_movie("Before")
    film.genres.add(Genre.objects.create(name="Noir", slug="noir"))
    Genre.objects.create(name="Drama", slug="drama")
    make_show(movie=film)
    make_movie("Unseen", release_date=timezone.now().date() + timedelta(days=9))
    before = client.get("/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        change()
    after = client.get("/").content.decode()
    assert after != before
    assert seen is None or (seen in after and seen not in before)


def test_a_list_is_cached_for_an_hour_and_not_past_a_films_last_show(client: Client) -> None:
    make_show(movie=make_movie(), starts_in=timedelta(hours=5))
    client.get("/")
    assert 3500 < longest_list() <= 3600
    cache.clear()
    make_show(movie=make_movie("Nearly over"), starts_in=timedelta(minutes=10))
    client.get("/")
    assert 500 < longest_list() <= 600


def test_the_list_of_coming_films_is_cached_until_midnight_at_the_cinema(
    client: Client,
) -> None:
    make_cinema(timezone="Asia/Kolkata")
    make_movie("Soon", release_date=date(2026, 3, 9))
    with time_machine.travel("2026-03-07T18:20:00Z", tick=False):
        client.get("/?list=soon")
        client.get("/")
    soon = [cache.ttl(key) for key in cache.keys("films:*:soon")]  # type: ignore[attr-defined]
    assert 500 < longest_list("list=soon*") <= 600
    assert 500 < max(soon) <= 600


def longest_list(kind: str = "") -> float:
    """The longest remaining life of a cached list, in seconds, as the cache server says."""
    return max(cache.ttl(key) for key in cache.keys(f"films:*:list:{kind}*"))  # type: ignore[attr-defined]


def test_searches_are_not_cached(client: Client) -> None:
    make_show(movie=make_movie("Her"))
    assert shown(client, "?q=her") == ["Her"]
    assert not cache.keys("films:*:list:*")  # type: ignore[attr-defined]
