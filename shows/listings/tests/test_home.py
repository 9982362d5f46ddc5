import re
from datetime import date, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from movies.models import Genre
from shows.listings.home_lists import FILMS_A_PAGE
from tests.support.clocks import NIGHT_IN_MUMBAI
from tests.support.factories import make_cinema, make_movie, make_screen, make_show
from tests.support.home import shown, titles

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def home(client: Client, query: str = "", **headers: str) -> str:
    response = client.get(f"/{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_home_shows_films_with_a_coming_show_most_shown_first_then_best_rated(
    client: Client,
) -> None:
    everywhere = make_movie("Everywhere", rating=5)
    make_show(movie=everywhere)
    make_show(movie=everywhere)
    make_show(movie=make_movie("Quiet", rating=6))
    make_show(movie=make_movie("Loud", rating=9))
    make_show(movie=make_movie("Unrated"))
    make_movie("Never scheduled")
    assert shown(client) == ["Everywhere", "Loud", "Quiet", "Unrated"]
    assert shown(client, "?sort=rating") == ["Loud", "Quiet", "Everywhere", "Unrated"]


def test_a_film_shown_twice_is_listed_once(client: Client) -> None:
    movie = make_movie("Once")
    make_show(movie=movie)
    make_show(movie=movie)
    assert shown(client) == ["Once"]


@time_machine.travel(NIGHT_IN_MUMBAI, tick=False)
def test_a_film_is_coming_soon_until_its_day_has_begun_at_every_cinema(client: Client) -> None:
    make_cinema(timezone="Asia/Kolkata")
    make_movie("Out today", release_date=date(2026, 3, 8))
    make_movie("Out tomorrow", release_date=date(2026, 3, 9))
    assert shown(client) == shown(client, "?list=soon") == ["Out tomorrow"]
    make_cinema(timezone="Europe/London")
    cache.clear()
    assert shown(client) == shown(client, "?list=soon") == ["Out today", "Out tomorrow"]


def test_after_midnight_the_evening_that_is_not_over_can_be_chosen(client: Client) -> None:
    with time_machine.travel(NIGHT_IN_MUMBAI, tick=False):
        late = make_show(movie=make_movie("Late"), starts_in=timedelta(minutes=30))
        make_show(movie=make_movie("Matinee"), starts_in=timedelta(hours=11))
        assert late.local_day == date(2026, 3, 8)
        page = home(client)
        for name, day in (("Tonight", 7), ("Today", 8), ("Tomorrow", 9)):
            assert f"2026-03-0{day}" in page
            assert name in page
        assert shown(client, "?date=2026-03-07") == ["Late"]
        assert shown(client, "?date=2026-03-08") == ["Matinee"]
    with time_machine.travel("2026-03-08T04:00:00Z", tick=False):
        assert "Tonight" not in home(client)


def test_films_without_shows_and_a_coming_release_are_coming_soon(client: Client) -> None:
    day = timezone.now().date() + timedelta(days=20)
    make_movie("Later", release_date=day)
    make_movie("Past", release_date=day - timedelta(days=400))
    assert shown(client) == ["Later"]
    assert shown(client, "?list=soon") == ["Later"]
    for query in ("", "?list=soon"):
        body = client.get("/" + query).content.decode()
        assert f"From {day.day} {day:%B}" in body


def test_search_finds_the_whole_catalogue_and_puts_films_on_screen_first(client: Client) -> None:
    make_movie("Amélie", description="Old favourite")
    make_show(movie=make_movie("Amelie Returns"))
    page = home(client, "?q=amelie")
    assert titles(page.encode()) == ["Amelie Returns", "Amélie"]
    assert page.count("Not showing") == 1


def test_a_search_names_the_cities_of_films_outside_the_remembered_city(client: Client) -> None:
    london = make_screen(cinema=make_cinema(city="London", timezone="Europe/London"))
    make_show(movie=make_movie("Amelie at the Quay"), screen=london)
    away = make_movie("Amelie")
    make_show(movie=away)
    make_show(movie=away, screen=make_screen(cinema=make_cinema(city="Pune")))
    make_show(movie=make_movie("Amelie Returns"), format="IMAX")
    make_movie("Amelie in the Archive")
    client.get("/?city=London")
    page = home(client, "?q=amelie")
    names = ["Amelie at the Quay", "Amelie", "Amelie Returns", "Amelie in the Archive"]
    assert titles(page.encode()) == names
    assert page.count("Showing in Mumbai and Pune") == page.count("Showing in Mumbai<") == 1
    assert page.count("Not showing now") == 1
    page = home(client, "?q=amelie&format=IMAX")
    assert titles(page.encode()) == ["Amelie Returns"]
    assert "Showing in Mumbai<" in page


def test_clear_filters_forgets_the_city_too(client: Client) -> None:
    make_show(movie=make_movie("Here"), format="3D")
    make_show(movie=make_movie("There"), screen=make_screen(cinema=make_cinema(city="Pune")))
    page = home(client, "?city=Pune&format=2D")
    assert re.search(r'href="/\?city="[^>]*><svg.*?</svg>Clear filters', page)
    assert sorted(shown(client, "?city=")) == sorted(shown(client)) == ["Here", "There"]
    assert "Nothing in Pune fits all of these filters." in home(client, "?city=Pune&format=3D")


def test_an_unknown_city_does_not_replace_the_remembered_one(client: Client) -> None:
    make_show(movie=make_movie("Here"))
    make_show(movie=make_movie("There"), screen=make_screen(cinema=make_cinema(city="Pune")))
    client.get("/?city=Pune")
    client.get("/?city=Atlantis")
    assert shown(client) == ["There"]


def test_a_search_without_a_match_has_a_message_and_links(client: Client) -> None:
    page = home(client, "?q=zzz+%3Cscript%3E")
    assert "No films found" in page
    assert "zzz &lt;script&gt;" in page
    assert "<script>" not in page


def test_one_show_must_meet_all_filters(client: Client) -> None:
    drama = Genre.objects.create(name="Drama", slug="drama")
    mumbai, chennai = make_cinema(), make_cinema(city="Chennai")
    first, second = make_movie("First", language="Hindi"), make_movie("Second", language="Tamil")
    first.genres.add(drama)
    make_show(movie=first, screen=make_screen(cinema=mumbai), format="IMAX")
    make_show(movie=first, screen=make_screen(cinema=chennai), format="2D")
    make_show(movie=second, screen=make_screen(cinema=chennai), format="3D")

    assert shown(client, "?genre=drama") == ["First"]
    assert shown(client, "?language=Tamil") == ["Second"]
    assert shown(client, "?format=3D") == ["Second"]
    assert shown(client, "?city=Mumbai") == ["First"]
    assert shown(client, "?city=Chennai&format=IMAX") == []
    assert sorted(shown(client, "?city=&genre=nonsense&sort=odd&page=x")) == ["First", "Second"]


def test_a_day_is_the_cinemas_own_and_ends_with_its_late_shows(client: Client) -> None:
    cinema = make_cinema()
    local = timezone.now().astimezone(cinema.tz)
    late = local.replace(hour=0, minute=30, second=0, microsecond=0) + timedelta(days=3)
    make_show(movie=make_movie("Late"), screen=make_screen(cinema=cinema), starts_at=late)
    evening = (late - timedelta(days=1)).date()
    assert shown(client, f"?date={evening}") == ["Late"]
    assert shown(client, f"?date={late.date()}") == []


def test_the_city_is_remembered_until_another_is_chosen(client: Client) -> None:
    make_show(movie=make_movie("Here"))
    elsewhere = make_screen(cinema=make_cinema(city="Bengaluru Süd"))
    make_show(movie=make_movie("There"), screen=elsewhere)
    assert shown(client, "?city=Bengaluru+S%C3%BCd") == ["There"]
    assert shown(client) == ["There"]
    client.get("/?city=")
    assert sorted(shown(client)) == ["Here", "There"]


def test_pages_keep_the_filters(client: Client) -> None:
    for number in range(FILMS_A_PAGE + 1):
        make_show(movie=make_movie(f"Part {number:02}", language="Hindi"), plan="A ss")
    page = home(client, "?language=Hindi&sort=title")
    assert len(titles(page.encode())) == FILMS_A_PAGE
    assert "?language=Hindi&amp;sort=title&amp;page=2" in page
    assert shown(client, "?language=Hindi&sort=title&page=2") == [f"Part {FILMS_A_PAGE}"]
    assert shown(client, "?language=Hindi&sort=title&page=99") == [f"Part {FILMS_A_PAGE}"]


def test_htmx_gets_only_the_results_with_a_clean_address(client: Client) -> None:
    make_show(movie=make_movie("Her"))
    response = client.get("/?q=her&genre=&city=&date=", headers=HTMX)
    assert b"<html" not in response.content
    assert titles(response.content) == ["Her"]
    assert response["HX-Push-Url"] == "/?q=her"
    assert "HX-Request" in response["Vary"]


def test_more_typing_replaces_the_address_so_that_back_leaves_the_search(client: Client) -> None:
    headers = {**HTMX, "HX-Current-URL": "http://testserver/?q=he"}
    response = client.get("/?q=her", headers=headers)
    assert response["HX-Replace-Url"] == "/?q=her"


def test_going_back_gets_the_whole_page(client: Client) -> None:
    headers = {**HTMX, "HX-History-Restore-Request": "true"}
    assert b"<html" in client.get("/?q=her", headers=headers).content


def test_home_takes_as_many_queries_for_many_films_as_for_one(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    genre = Genre.objects.create(name="Drama", slug="drama")

    def add() -> None:
        make_show(movie=make_movie(), plan="A ss").movie.genres.add(genre)
        make_movie(release_date=timezone.now().date() + timedelta(days=9)).genres.add(genre)

    add()
    with django_assert_num_queries(12):
        client.get(reverse("listings:home"))
    for _ in range(5):
        add()
    cache.clear()
    with django_assert_num_queries(12):
        client.get(reverse("listings:home"))
