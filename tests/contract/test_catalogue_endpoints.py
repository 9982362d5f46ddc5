"""docs/api.md's film endpoints over HTTP."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from movies.models import Genre, Movie
from movies.posters.drawing.poster import draw_poster
from movies.services import MovieFacts, replace_movie
from shows.services import archive_movie
from tests.support.api_client import Api, ApiInProcess
from tests.support.factories import (
    begin,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)

MOVIE_FIELDS = {
    "id",
    "title",
    "slug",
    "description",
    "genre",
    "genres",
    "rating",
    "durationMinutes",
    "language",
    "certification",
    "cast",
    "releaseDate",
    "posterUrl",
}
WHOLE_FILM = {
    "title": "Anatomy of a Fall",
    "description": "A novelist on trial.\n\nIn two languages.",
    "genres": ["Drama", "Crime"],
    "rating": 7.6,
    "durationMinutes": 151,
    "language": "French",
    "certification": "A",
    "cast": ["Sandra Hüller"],
    "releaseDate": "2023-08-23",
    "posterUrl": "https://images.example.com/anatomy.jpg",
}


def titles(api: Api, query: str) -> list[str]:
    return [movie["title"] for movie in api.get(f"movies?{query}").data]


def test_films_with_a_coming_show_come_first(api: Api) -> None:
    make_movie("Amour")
    begin(make_show(movie=make_movie("Ash")))
    make_show(movie=make_movie("Zodiac"))
    assert titles(api, "") == ["Zodiac", "Amour", "Ash"]


def test_a_search_answers_the_most_relevant_first(api: Api) -> None:
    make_show(movie=make_movie("Anatomy", description="A fall, and who saw the fall."))
    make_movie("The Fall")
    make_movie("The Rise")
    assert titles(api, "search=fall") == ["The Fall", "Anatomy"]
    assert titles(api, "search=%20") == titles(api, "")


def test_films_are_filtered_by_genre_language_and_city(api: Api) -> None:
    genre = Genre.objects.create(name="Science fiction", slug="science-fiction")
    alien, heat = make_movie("Alien", language="English"), make_movie("Heat", language="Hindi")
    alien.genres.add(genre)
    make_show(movie=heat, screen=make_screen(cinema=make_cinema(city="Pune")))
    assert titles(api, "genre=science-fiction") == titles(api, "genre=Science+Fiction") == ["Alien"]
    assert titles(api, "language=hindi") == ["Heat"]
    assert titles(api, "city=pune") == ["Heat"]
    assert titles(api, "city=Pune&language=English") == []


def test_a_list_comes_in_pages(api: Api) -> None:
    for number in range(5):
        make_movie(f"Film {number}")
    reply = api.get("movies?page=2&limit=2")
    assert [movie["title"] for movie in reply.data] == ["Film 2", "Film 3"]
    assert reply.json["pagination"] == {"page": 2, "limit": 2, "total": 5, "pages": 3}
    assert api.get("movies").json["pagination"]["limit"] == 20
    for page in (4, 2**62, 2**63 - 1):
        assert api.get(f"movies?page={page}&limit=2").data == []


UNREADABLE = ["page=0", "page=-1", "page=x", "page=", "page=1.0", "page=1_0", "page=%D9%A3"]
UNREADABLE += [f"page={2**63}", "page=" + "9" * 3000, "limit=0", "limit=101", "page=1&page=2"]
UNREADABLE += ["search=%00", "city=a%0Ab", "search=" + "a" * 101]


@pytest.mark.parametrize("query", UNREADABLE, ids=lambda query: query[:30])
def test_a_query_that_cannot_be_read_is_refused(quick_api: ApiInProcess, query: str) -> None:
    reply = quick_api.get(f"movies?{query}")
    assert reply.problem == (400, "VALIDATION_ERROR")
    assert list(reply.details) == [query.partition("=")[0]]


def test_a_film_is_read_with_its_coming_shows(api: Api) -> None:
    movie = make_movie()
    later = make_show(movie=movie, starts_in=timedelta(hours=9))
    sooner = make_show(movie=movie)
    begin(make_show(movie=movie))
    reply = api.get(f"movies/{movie.pk}")
    assert reply.data.keys() == MOVIE_FIELDS | {"shows"}
    assert [show["id"] for show in reply.data["shows"]] == [sooner.pk, later.pk]
    assert reply.data["posterUrl"].startswith(f"{api.url}/movies/")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_there_is_no_such_film(quick_api: ApiInProcess, method: str) -> None:
    admin, body = make_user(is_superuser=True), {"title": "Her"} if method == "PUT" else None
    for pk in ("0", "-1", "4711", str(2**63), "9" * 40):
        assert quick_api.call(method, f"movies/{pk}", body, by=admin).problem == (404, "NOT_FOUND")
    for pk in ("abc", "1.5", "%00"):
        assert quick_api.call(method, f"movies/{pk}", body, by=admin).status == 400


def test_a_film_is_added_replaced_and_deleted(api: Api) -> None:
    admin = make_user(is_superuser=True)
    created = api.post("movies", WHOLE_FILM, by=admin)
    assert created.status == 201
    assert created.data.keys() == MOVIE_FIELDS
    expected = WHOLE_FILM | {"genres": ["Crime", "Drama"], "genre": "Crime, Drama"}
    assert created.data | expected == created.data
    assert created.data["slug"] == "anatomy-of-a-fall"
    address = f"movies/{created.data['id']}"
    replaced = api.call("PUT", address, {"title": "Anatomie d'une chute"}, by=admin)
    assert replaced.status == 200
    assert replaced.data["slug"] == "anatomy-of-a-fall", "links to it still work"
    assert replaced.data["genres"] == replaced.data["cast"] == []
    assert replaced.data["rating"] is replaced.data["releaseDate"] is None
    deleted = api.call("DELETE", address, by=admin)
    assert (deleted.status, deleted.body) == (204, b"")
    assert api.get(address).status == 404


def test_films_of_one_title_have_slugs_of_their_own(api: Api) -> None:
    admin = make_user(is_superuser=True)
    bodies = [{"title": "Her"}, {"title": "Her", "releaseDate": "2013-12-18"}, {"title": "Her"}]
    slugs = [api.post("movies", body, by=admin).data["slug"] for body in bodies]
    assert slugs == ["her", "her-2013", "her-2"]
    assert api.post("movies", {"title": "她"}, by=admin).data["slug"] == "film"


def test_a_genre_is_the_same_however_it_is_written(api: Api) -> None:
    admin = make_user(is_superuser=True)
    api.post("movies", {"title": "A", "genres": ["Sci-Fi", "剧情"]}, by=admin)
    api.post("movies", {"title": "B", "genres": ["sci fi", "剧情", "SCI-FI"]}, by=admin)
    assert Genre.objects.count() == 2


def test_a_film_with_shows_stays(api: Api) -> None:
    show = make_show()
    reply = api.call("DELETE", f"movies/{show.movie_id}", by=make_user(is_superuser=True))
    assert reply.problem == (409, "MOVIE_HAS_SHOWS")
    assert Movie.objects.filter(pk=show.movie_id).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": None}, "title"),
        ({"title": ""}, "title"),
        ({"title": "a" * 201}, "title"),
        ({"description": "a\x07"}, "description"),
        ({"genres": "Drama"}, "genres"),
        ({"genres": [""]}, "genres.0"),
        ({"rating": 10.1}, "rating"),
        ({"rating": 7.65}, "rating"),
        ({"rating": True}, "rating"),
        ({"rating": "many"}, "rating"),
        ({"durationMinutes": 0}, "durationMinutes"),
        ({"durationMinutes": 1200}, "durationMinutes"),
        ({"durationMinutes": 90.5}, "durationMinutes"),
        ({"durationMinutes": 10**30}, "durationMinutes"),
        ({"releaseDate": "2026-02-30"}, "releaseDate"),
        ({"releaseDate": 1_700_000_000}, "releaseDate"),
        ({"posterUrl": "javascript:alert(1)"}, "posterUrl"),
        ({"cast": [1]}, "cast.0"),
    ],
)
def test_a_film_says_which_field_is_wrong(
    quick_api: ApiInProcess, change: dict[str, Any], field: str
) -> None:
    admin = make_user(is_superuser=True)
    reply = quick_api.post("movies", WHOLE_FILM | change, by=admin)
    assert reply.problem == (400, "VALIDATION_ERROR")
    assert list(reply.details) == [field]


@pytest.mark.django_db
def test_a_list_costs_the_same_however_long_it_is(
    client: Client, django_assert_num_queries: Any
) -> None:
    genre = Genre.objects.create(name="Drama", slug="drama")
    for number in range(10):
        make_movie(f"Film {number}").genres.add(genre)
        with django_assert_num_queries(3):
            assert len(client.get("/api/movies").json()["data"]) == number + 1


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"release_year": 2013},
        {"release_year": 2013, "release_date": "2013-12-18"},
        {"release_year": 1954, "release_date": "2027-01-08"},
        {"poster_image": "posters/her.jpg"},
        {"poster_url": "https://images.example.com/her.jpg"},
        {"poster_image": "posters/her.jpg", "poster_url": "https://images.example.com/her.jpg"},
        {"rating": Decimal("7.6"), "language": "French", "certification": "A", "cast": ["A B"]},
        {"source_key": "her-2013", "import_digests": {"title": "a"}, "description": "Two\nlines."},
        {"archived_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=lambda kept: "+".join(kept) or "nothing",
)
def test_putting_an_unchanged_answer_changes_nothing(
    quick_api: ApiInProcess, kept: dict[str, Any]
) -> None:
    movie = make_movie("Her", **kept)
    movie.genres.add(Genre.objects.create(name="Sci-Fi", slug="sf"))
    before = Movie.objects.filter(pk=movie.pk).values().get()
    poster = drawn_for(movie)
    got = quick_api.get(f"movies/{movie.pk}").data
    admin = make_user(is_superuser=True)
    put = quick_api.call("PUT", f"movies/{movie.pk}", got, by=admin)
    assert put.status == 200, put.json
    changed = Movie.objects.filter(pk=movie.pk).values().get()
    assert changed | {"updated_at": before["updated_at"]} == before
    assert drawn_for(Movie.objects.get(pk=movie.pk)) == poster
    # Once more with the first answer, which is an older version now.
    assert quick_api.call("PUT", f"movies/{movie.pk}", got, by=admin).status == 200
    assert Movie.objects.get(pk=movie.pk).poster_url == before["poster_url"]


def drawn_for(movie: Movie) -> str:
    genres = [genre.name for genre in movie.genres.all()]
    return draw_poster(title=movie.title, genres=genres, year=movie.release_year)


def test_a_replaced_date_takes_its_year_with_it(quick_api: ApiInProcess) -> None:
    admin = make_user(is_superuser=True)
    movie = make_movie("Her", release_year=2012)
    for date, year in (("2013-12-18", 2013), ("2014-02-13", 2014), (None, None)):
        body = {"title": "Her", "releaseDate": date}
        assert quick_api.call("PUT", f"movies/{movie.pk}", body, by=admin).status == 200
        assert Movie.objects.get(pk=movie.pk).release_year == year


@pytest.mark.parametrize("date", ["2027-01-15", None])
def test_an_old_film_that_is_shown_again_keeps_its_year(
    quick_api: ApiInProcess, date: str | None
) -> None:
    admin = make_user(is_superuser=True)
    movie = make_movie("Seven Samurai", release_year=1954, release_date="2027-01-08")
    body = {"title": "Seven Samurai", "releaseDate": date}
    assert quick_api.call("PUT", f"movies/{movie.pk}", body, by=admin).status == 200
    assert Movie.objects.get(pk=movie.pk).release_year == 1954


@pytest.mark.django_db
def test_a_film_replaced_while_it_is_archived_stays_archived() -> None:
    movie = make_movie("Her")
    read_before = Movie.objects.get(pk=movie.pk)
    archive_movie(movie, by=make_user(), at=timezone.now())
    Movie.objects.filter(pk=movie.pk).update(poster_image="posters/new.jpg", slug="her-now")
    replace_movie(read_before, MovieFacts(title="Her again"), by=make_user())
    movie.refresh_from_db()
    assert (movie.title, movie.poster_image.name) == ("Her again", "posters/new.jpg")
    assert (movie.slug, movie.archived_at is not None) == ("her-now", True)


@pytest.mark.parametrize(
    "address",
    [
        "http://images.example.com/her.jpg",
        "https://user:secret@images.example.com/her.jpg",
        "https://user@images.example.com/her.jpg",
        "ftp://images.example.com/her.jpg",
        "https://testserver@images.example.com/her.jpg",
        "data:image/png;base64,AAAA",
    ],
)
def test_a_poster_comes_over_https_and_without_a_password(
    quick_api: ApiInProcess, address: str
) -> None:
    admin = make_user(is_superuser=True)
    reply = quick_api.post("movies", WHOLE_FILM | {"posterUrl": address}, by=admin)
    assert reply.problem == (400, "VALIDATION_ERROR")
    assert list(reply.details) == ["posterUrl"]


def test_a_poster_address_of_this_site_is_not_stored(quick_api: ApiInProcess) -> None:
    """A film that is created from another film's answer gets its own poster."""
    admin = make_user(is_superuser=True)
    got = quick_api.get(f"movies/{make_movie('Her').pk}").data
    made = quick_api.post("movies", got | {"title": "Him"}, by=admin)
    assert made.status == 201
    assert Movie.objects.get(title="Him").poster_url == ""
