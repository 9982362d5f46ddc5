from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from movies.models import Genre, Movie
from tests.support.admin_site import assert_few_queries, errors_of, staff_client
from tests.support.factories import make_movie, make_show

pytestmark = pytest.mark.django_db
ADD = "/admin/movies/movie/add/"


@pytest.fixture
def client(db: None) -> Client:
    return staff_client()


def film_form(**values: Any) -> dict[str, Any]:
    """The values of the admin's form of a film: the required ones, and `values`."""
    return {"title": "Tár", "slug": "tar", "cast": ""} | values


def test_lists_need_no_more_queries_for_more_rows(client: Client) -> None:
    def add_film() -> None:
        movie = make_movie(language="Hindi", certification="UA")
        movie.genres.add(Genre.objects.create(name=movie.slug, slug=movie.slug))

    assert_few_queries(client, "movies_movie", add_film)
    assert_few_queries(client, "movies_genre", add_film)


def test_a_film_is_created_with_all_its_facts(client: Client) -> None:
    drama = Genre.objects.create(name="Drama", slug="drama")

    response = client.post(
        ADD,
        film_form(
            description="A conductor falls.",
            genres=[drama.pk],
            cast="Cate Blanchett\r\n\r\n  Robert Downey, Jr.  \r\nCate Blanchett",
            duration_minutes="158",
            rating="7.4",
            release_date="2022-10-07",
        ),
    )

    assert response.status_code == 302
    movie = Movie.objects.get()
    assert movie.cast == ["Cate Blanchett", "Robert Downey, Jr."]
    assert movie.release_year == 2022
    assert list(movie.genres.all()) == [drama]


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"title": ""}, "title", "This field is required."),
        ({"rating": "11"}, "rating", "less than or equal to 10"),
        ({"rating": "7.45"}, "rating", "no more than 1 decimal place"),
        ({"duration_minutes": "0"}, "duration_minutes", "greater than or equal to 1"),
        ({"duration_minutes": "1200"}, "duration_minutes", "At most 600 minutes"),
        ({"slug": "taken"}, "slug", "already exists"),
        ({"slug": "no spaces"}, "slug", "valid “slug”"),
        ({"cast": "n" * 121}, "cast", "longer than 120 characters"),
        ({"title": "T\0"}, "title", "Null characters are not allowed"),
        ({"poster_url": "javascript:alert(1)"}, "poster_url", "Enter a valid URL"),
        ({"poster_url": "http://a.example/p.jpg"}, "poster_url", "begins with https://"),
        ({"poster_url": "https://a:b@a.example/p.jpg"}, "poster_url", "user name and password"),
        ({"poster_image": "text"}, "poster_image", "not an image or a corrupted image"),
        ({"poster_image": "large"}, "poster_image", "larger than 5 MB"),
    ],
)
def test_errors_of_the_form_are_shown_at_their_field(
    client: Client, values: dict[str, Any], field: str, message: str
) -> None:
    make_movie(slug="taken")
    if values.get("poster_image") == "text":
        values = {"poster_image": SimpleUploadedFile("p.png", b"not an image", "image/png")}
    if values.get("poster_image") == "large":
        values = {"poster_image": image_file(padding=6 * 2**20)}

    errors = errors_of(client.post(ADD, film_form(**values)))

    assert list(errors) == [field]
    assert message in errors[field][0]
    assert Movie.objects.count() == 1


def image_file(padding: int = 0) -> SimpleUploadedFile:
    """A small valid PNG image, followed by `padding` zero bytes."""
    content = BytesIO()
    Image.new("RGB", (200, 300), "red").save(content, "PNG")
    return SimpleUploadedFile("p.png", content.getvalue() + b"\0" * padding, "image/png")


def test_an_uploaded_poster_is_shown_on_the_site(
    client: Client, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    client.post(ADD, film_form(poster_image=image_file()))
    movie = Movie.objects.get()

    response = Client().get(movie.poster_src)

    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert "sandbox" in response["Content-Security-Policy"]
    # A path out of the folder is refused, and the files of a folder are not listed.
    assert Client().get("/media/../manage.py").status_code == 400
    assert Client().get("/media/posters/").status_code == 404
    assert movie.poster_src in client.get(reverse("admin:movies_movie_changelist")).text


def test_the_slug_of_a_film_cannot_be_changed(client: Client) -> None:
    movie = make_movie("Tar", slug="tar")

    client.post(f"/admin/movies/movie/{movie.pk}/change/", film_form(slug="other", title="Tár"))

    movie.refresh_from_db()
    assert (movie.title, movie.slug) == ("Tár", "tar")


def test_the_search_ignores_accents_and_finds_words_of_title_and_cast(client: Client) -> None:
    make_movie("Amélie", cast=["Audrey Tautou"])
    make_movie("Amber Road")

    page = client.get("/admin/movies/movie/", {"q": "amelie tautou"}).text

    assert "Amélie" in page
    assert "Amber Road" not in page


@pytest.mark.parametrize("condition", ["schedulable=no", "shows=no"])
def test_films_without_running_time_or_shows_can_be_listed(client: Client, condition: str) -> None:
    make_show(movie=make_movie("Complete"))
    make_movie("Untimed", duration_minutes=None)

    page = client.get(f"/admin/movies/movie/?{condition}").text

    assert "Untimed" in page
    assert "Complete" not in page


def test_a_film_with_shows_cannot_be_deleted(client: Client) -> None:
    movie = make_show().movie

    response = client.post(f"/admin/movies/movie/{movie.pk}/delete/", {"post": "yes"})

    assert "would require deleting the following protected related objects" in response.text
    assert Movie.objects.filter(pk=movie.pk).exists()
