from collections.abc import Callable

import pytest
from django.db.models import ProtectedError

from movies.models import Movie
from tests.support.constraints import names_in, refused_by
from tests.support.factories import make_movie, make_show

pytestmark = pytest.mark.django_db

CASES: list[tuple[str, Callable[[], object]]] = [
    ("movie_rating_0_to_10", lambda: make_movie(rating="-0.1")),
    ("movie_rating_0_to_10", lambda: make_movie(rating="10.1")),
    ("movie_duration_positive", lambda: make_movie(duration_minutes=0)),
    ("movie_title_not_empty", lambda: make_movie("")),
    ("movie_source_key_unique", lambda: [make_movie(source_key="k") for _ in range(2)]),
]


@pytest.mark.parametrize(("name", "attempt"), CASES)
def test_the_database_refuses(name: str, attempt: Callable[[], object]) -> None:
    with refused_by(name):
        attempt()


def test_every_constraint_is_seen_to_refuse() -> None:
    assert {name for name, _ in CASES} == names_in("movies")


@pytest.mark.parametrize("rating", [None, "0.0", "10.0"])
def test_the_lowest_and_the_highest_rating_are_accepted(rating: str | None) -> None:
    make_movie(rating=rating)


def test_many_films_may_have_no_source_key() -> None:
    make_movie()
    make_movie()

    assert Movie.objects.filter(source_key=None).count() == 2


def test_a_film_with_shows_is_kept() -> None:
    show = make_show()

    with pytest.raises(ProtectedError):
        show.movie.delete()
