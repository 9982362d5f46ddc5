"""A film or cinema is archived while someone schedules a show with it: one of the two is refused.

Each race runs step by step on two connections. A control test shows that without the lock the race
goes wrong.
"""

from decimal import Decimal
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from movies.models import Movie
from shows import services
from shows.errors import Archived, CinemaHasComingShows, MovieHasComingShows
from shows.models import Cinema, Screen, Show
from shows.services import ShowSlot, archive_cinema, archive_movie
from tests.support.factories import make_movie, make_screen, make_show, make_user
from tests.support.races import elsewhere, wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)

WHAT = pytest.mark.parametrize("what", ["film", "cinema"])


def archive(what: str, movie: Movie, screen: Screen) -> None:
    if what == "film":
        archive_movie(Movie.objects.get(pk=movie.pk), by=make_user(), at=timezone.now())
    else:
        archive_cinema(Cinema.objects.get(pk=screen.cinema_id), by=make_user(), at=timezone.now())


def has_show_out_of_use() -> bool:
    """Whether a show to come has a film or cinema that is archived."""
    coming = Show.objects.upcoming(at=timezone.now())
    return (
        coming.filter(movie__archived_at__isnull=False).exists()
        or coming.filter(screen__cinema__archived_at__isnull=False).exists()
    )


@WHAT
def test_a_show_that_waited_for_the_archiving_is_refused(what: str) -> None:
    movie, screen = make_movie(), make_screen()
    with transaction.atomic():
        archive(what, movie, screen)
        # The film and the cinema were read before they were archived.
        making = elsewhere(lambda: make_show(movie=movie, screen=screen))
        wait_for_waiting(1, making.done)
    assert isinstance(making.result(timeout=120), Archived)
    assert not Show.objects.exists()


@WHAT
def test_an_archiving_that_waited_for_a_show_is_refused(what: str) -> None:
    movie, screen = make_movie(), make_screen()
    with transaction.atomic():
        make_show(movie=movie, screen=screen)
        archiving = elsewhere(lambda: archive(what, movie, screen))
        wait_for_waiting(1, archiving.done)
    assert isinstance(archiving.result(timeout=120), MovieHasComingShows | CinemaHasComingShows)
    assert not has_show_out_of_use()


@WHAT
def test_control_without_the_lock_an_archived_film_or_cinema_gets_a_show(what: str) -> None:
    movie, screen = make_movie(), make_screen()
    unlocked = {screen.cinema_id: "INR"}
    with mock.patch.object(services, "keep_in_use", return_value=unlocked):
        with transaction.atomic():
            archive(what, movie, screen)
            making = elsewhere(lambda: make_show(movie=movie, screen=screen))
            if what == "film":
                # The insert waits for the foreign key's check, which only asks if the film exists.
                wait_for_waiting(1, making.done)
            else:
                assert isinstance(making.result(timeout=120), Show)
        assert isinstance(making.result(timeout=120), Show)
    assert has_show_out_of_use()


def test_two_transactions_that_schedule_the_same_film_do_not_wait_for_each_other() -> None:
    movie, screen = make_movie(), make_screen()
    other = make_screen(cinema=screen.cinema)
    with transaction.atomic():
        make_show(movie=movie, screen=screen)
        made = elsewhere(lambda: make_show(movie=movie, screen=other))
        assert isinstance(made.result(timeout=120), Show)


def test_films_come_first_then_cinemas_each_by_primary_key() -> None:
    slots = [make_show_slot() for _ in range(3)]
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        services.keep_in_use(list(reversed(slots)))
    films, cinemas = [query["sql"] for query in captured]
    assert '"movies_movie"' in films
    assert '"shows_cinema"' in cinemas
    assert films.endswith("ORDER BY id FOR KEY SHARE")
    assert cinemas.endswith("ORDER BY id FOR KEY SHARE")


def make_show_slot() -> ShowSlot:
    return ShowSlot(make_movie(), make_screen(), timezone.now(), Decimal(1), Decimal(1))
