import io
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from movies.models import Genre, Movie
from shows.models import Show
from tests.support.clocks import NIGHT_IN_MUMBAI
from tests.support.factories import (
    hall,
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
)

pytestmark = pytest.mark.django_db


def film(client: Client, movie: Movie, query: str = "", **headers: Any) -> str:
    response = client.get(f"{movie.get_absolute_url()}{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_shows_the_film_and_its_times_by_cinema(client: Client) -> None:
    movie = make_movie(
        "Her", rating=8, certification="UA 13+", language="English", cast=["Amy Adams"]
    )
    screen = make_screen(cinema=make_cinema(name="Plaza"))
    at = timezone.now().astimezone(screen.cinema.tz).replace(hour=19, minute=45, second=0)
    show = make_show(movie=movie, screen=screen, starts_at=at + timedelta(days=1), format="IMAX")
    page = film(client, movie)
    for words in ("Her", "8.0", "UA 13+", "2 h", "Amy Adams", "Plaza", "19:45", "IMAX", "₹250"):
        assert words in page
    assert show.get_absolute_url() in page


@time_machine.travel("2026-03-03T09:00:00Z", tick=False)
def test_it_opens_on_the_first_day_with_a_show_and_keeps_today_first(client: Client) -> None:
    movie = make_movie()
    make_show(movie=movie, starts_in=timedelta(days=2))
    page = film(client, movie)
    assert page.index("Today") < page.index("Tomorrow") < page.index('aria-current="date"')
    assert "Plenty of seats" in page


@time_machine.travel(NIGHT_IN_MUMBAI, tick=False)
def test_a_film_is_out_on_its_day_at_the_cinema(client: Client) -> None:
    make_cinema(timezone="Asia/Kolkata")
    movie = make_movie("Her", release_date=date(2026, 3, 8))
    assert "In cinemas from" not in film(client, movie)
    make_cinema(timezone="Europe/London")
    assert "In cinemas from 8 March" in film(client, movie)


def test_a_day_shows_its_own_times_only(client: Client) -> None:
    movie = make_movie()
    screen = make_screen()
    noon = timezone.now().astimezone(screen.cinema.tz).replace(hour=12, minute=5)
    make_show(movie=movie, screen=screen, starts_at=noon + timedelta(days=1))
    make_show(movie=movie, screen=screen, starts_at=noon + timedelta(days=2, hours=3))
    day = (noon + timedelta(days=2)).date()
    page = film(client, movie, f"?date={day}")
    assert "15:05" in page
    assert "12:05" not in page


def test_a_show_after_midnight_is_listed_with_the_evening_before_and_says_so(
    client: Client,
) -> None:
    movie, screen = make_movie(), make_screen()
    local = timezone.now().astimezone(screen.cinema.tz)
    late = local.replace(hour=0, minute=30) + timedelta(days=2)
    make_show(movie=movie, screen=screen, starts_at=late)
    page = film(client, movie, f"?date={(late - timedelta(days=1)).date()}")
    assert "00:30" in page
    assert f"{late:%a} {late.day} {late:%b}, after midnight" in page


def test_how_full_each_show_is_in_words(client: Client) -> None:
    movie = make_movie()
    starts_at = timezone.now() + timedelta(days=1)
    for free in (0, 7, 100):
        show = make_show(hall(10, 10), movie=movie, starts_at=starts_at)
        Show.objects.filter(pk=show.pk).update(available_seats=free)
    page = film(client, movie)
    for words in ("Sold out", "7 seats left", "Plenty of seats"):
        assert words in page


def test_started_and_cancelled_shows_are_not_offered(client: Client) -> None:
    movie = make_movie()
    show = make_show(movie=movie)
    Show.objects.filter(pk=show.pk).update(status=Show.Status.CANCELLED)
    assert "Not showing now" in film(client, movie)


def test_a_coming_film_shows_its_release_date(client: Client) -> None:
    day = timezone.now().date() + timedelta(days=30)
    page = film(client, make_movie(release_date=day))
    assert f"In cinemas from {day.day} {day:%B}." in page


def test_a_city_is_chosen_and_remembered(client: Client) -> None:
    movie = make_movie()
    make_show(movie=movie, screen=make_screen(cinema=make_cinema(name="Here")))
    make_show(movie=movie, screen=make_screen(cinema=make_cinema(name="There", city="Pune")))
    assert "There" in film(client, movie, "?city=Pune")
    page = film(client, movie)
    assert "There" in page
    assert "Here" not in page


def test_htmx_gets_only_the_times(client: Client) -> None:
    movie = make_show().movie
    page = film(client, movie, "", **{"HX-Request": "true"})
    assert "<html" not in page
    assert 'id="times"' in page


def test_an_unknown_film_is_not_found(client: Client) -> None:
    assert client.get("/movies/nothing-of-the-sort/").status_code == 404


def test_film_takes_as_many_queries_for_many_shows_as_for_one(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    movie = make_show(plan="A ss").movie
    with django_assert_num_queries(3):
        film(client, movie)
    for _ in range(5):
        make_show(plan="A ss", movie=movie)
    with django_assert_num_queries(3):
        film(client, movie)


@pytest.mark.parametrize("kind", ["poster", "backdrop"])
def test_drawn_pictures_are_svg_that_browsers_keep(client: Client, kind: str) -> None:
    movie = make_movie("Tom & Jerry <3", slug="tom-jerry")
    movie.genres.add(Genre.objects.create(name="Comedy", slug="comedy"))
    response = client.get(f"/movies/tom-jerry/{kind}.svg?v=1")
    assert response["Content-Type"].startswith("image/svg+xml")
    assert "immutable" in response["Cache-Control"]
    ElementTree.fromstring(response.content)
    again = client.get(f"/movies/tom-jerry/{kind}.svg", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_a_drawn_poster_comes_in_pixels_of_a_few_widths_too(client: Client) -> None:
    movie = make_movie("Tom & Jerry <3", slug="tom-jerry")
    for each in movie.poster_srcset.split(", "):
        address, width = each.split()
        response = client.get(address)
        assert response["Content-Type"] == "image/webp"
        assert "immutable" in response["Cache-Control"]
        assert f"{Image.open(io.BytesIO(response.content)).width}w" == width
        assert len(response.content) < 60_000
    assert client.get("/movies/tom-jerry/poster-353.webp").status_code == 404
    assert movie.poster_srcset in film(client, movie)


def test_an_uploaded_or_linked_poster_replaces_the_drawn_one() -> None:
    movie = make_movie(poster_url="https://posters.example/her.jpg")
    assert movie.poster_src == "https://posters.example/her.jpg"
    movie.poster_image = "posters/her.jpg"
    assert movie.poster_src == "/media/posters/her.jpg"
    assert movie.poster_srcset == ""
    drawn = make_movie(slug="drawn")
    assert drawn.poster_src.startswith("/movies/drawn/poster.svg?v=")


def test_after_midnight_the_late_show_of_the_evening_before_is_still_there(client: Client) -> None:
    """At 00:10 in Mumbai, a show at 00:40 belongs to the evening before (docs/spec.md §16)."""
    with time_machine.travel("2026-03-03T18:40:00Z", tick=False):
        movie = make_movie("Her")
        late = make_show(movie=movie, starts_in=timedelta(minutes=30))
        evening = make_show(movie=movie, starts_in=timedelta(hours=20))
        days = client.get(movie.get_absolute_url()).context["timetable"].days
        assert [(day.label, day.iso, day.show_count) for day in days[:2]] == [
            ("Tonight", "2026-03-03", 1),
            ("Today", "2026-03-04", 1),
        ]
        page = client.get(movie.get_absolute_url()).content.decode()
        assert late.get_absolute_url() in page
        assert evening.get_absolute_url() not in page
        page = client.get(movie.get_absolute_url(), {"date": "2026-03-04"}).content.decode()
        assert evening.get_absolute_url() in page


def test_format_and_language_narrow_the_times(client: Client) -> None:
    movie = make_movie("Her")
    tamil = make_show(movie=movie, format="IMAX", language="Tamil")
    hindi = make_show(movie=movie, format="2D", language="Hindi")
    page = film(client, movie, "?format=IMAX")
    assert tamil.get_absolute_url() in page
    assert hindi.get_absolute_url() not in page
    assert hindi.get_absolute_url() in film(client, movie, "?language=Hindi&format=nonsense")
    page = film(client, movie, "?language=Hindi&format=IMAX")
    assert "No IMAX shows in Hindi" in page
    assert "Show all times" in page


def test_a_remembered_city_without_the_film_is_named_and_stays_remembered(client: Client) -> None:
    london = make_screen(cinema=make_cinema(city="London", timezone="Europe/London"))
    movie, other = make_movie("Her"), make_movie("Him")
    here = make_show(movie=movie)
    make_show(movie=other, screen=london)
    client.get("/?city=London")
    page = film(client, movie, "?city=London")
    assert "Not showing in London. Showing in Mumbai." in page
    assert here.get_absolute_url() in page
    assert client.get("/").context["filters"].city == "London"
    assert "Not showing in" not in film(client, movie, "?city=Atlantis")


def test_a_city_without_the_format_names_the_cities_that_have_it(client: Client) -> None:
    movie = make_movie("Her")
    make_show(movie=movie, format="IMAX")
    make_show(movie=movie, screen=make_screen(cinema=make_cinema(city="Pune")))
    page = film(client, movie, "?city=Pune&format=IMAX")
    assert "No IMAX shows in Pune" in page
    assert "Showing in Mumbai." in page


def test_the_page_of_a_show_links_back_to_the_chosen_times(client: Client) -> None:
    show = make_show(format="IMAX")
    asked = "city=Mumbai&amp;format=IMAX"
    page = film(client, show.movie, "?city=Mumbai&format=IMAX")
    assert f'href="{show.get_absolute_url()}?{asked}"' in page
    page = client.get(f"{show.get_absolute_url()}?city=Mumbai&format=IMAX").content.decode()
    back = f"?city=Mumbai&amp;date={show.business_day}&amp;format=IMAX#times"
    assert f'href="{show.movie.get_absolute_url()}{back}"' in page
    assert '<input type="hidden" name="format" value="IMAX">' in page
    hold = f"{reverse('bookings:hold', args=[show.pk])}?city=Mumbai&format=IMAX"
    assert f'action="{escape(hold)}"' in page
    assert client.post(hold, {"seat": ["A1"]})["Location"].startswith("/bookings/BMV")
    page = client.get(show.get_absolute_url()).content.decode()
    assert f'href="{show.movie.get_absolute_url()}?date={show.business_day}#times"' in page


def test_seats_left_do_not_count_wheelchair_places(client: Client) -> None:
    movie = make_movie()
    full, last = (make_show("A wwwwssssss", movie=movie) for _ in range(2))
    make_booking(full, [f"A{number}" for number in range(5, 11)])
    make_booking(last, ["A1", *(f"A{number}" for number in range(5, 10))])
    body = client.get(movie.get_absolute_url()).content.decode()
    assert "Wheelchair places only" in body
    assert "1 seat left" in body
    assert "4 seats left" not in body
