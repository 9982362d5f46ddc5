"""Home page and film page in a real browser, on the site as deployed."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from movies.models import Genre
from shows.listings.home_lists import FILMS_A_PAGE
from tests.support.deployed_site import DeployedSite
from tests.support.factories import make_cinema, make_movie, make_screen, make_show
from tests.support.line import Line
from tests.support.phone import UNDER_THE_WORKER
from tests.support.screens import EVERY_SCREEN, GROUNDS, OTHER, SMALL, SMALL_AND_LARGE, Screen

pytestmark = pytest.mark.screens(*SMALL_AND_LARGE)


def two_films() -> None:
    drama = Genre.objects.create(name="Drama", slug="drama")
    make_show(movie=make_movie("Past Lives", slug="past-lives", rating=8)).movie.genres.add(drama)
    elsewhere = make_screen(cinema=make_cinema(city="Chennai"))
    make_show(movie=make_movie("Kantara", slug="kantara", rating=7), screen=elsewhere)


def expect_films(page: Page, *titles: str) -> None:
    expect(page.locator("#results .film-card__title")).to_have_text(titles)


def test_search_follows_the_typing_keeps_the_address_and_back_leaves_it(
    page: Page, screen: Screen
) -> None:
    two_films()
    page.goto("/")
    expect(page.locator(".hero__title")).to_be_visible()
    search = page.get_by_role("searchbox", name="Search films and people")
    search.press_sequentially("kanta", delay=20)
    expect_films(page, "Kantara")
    expect(page.locator(".hero__title")).to_have_count(0)
    expect(page).to_have_url("/?q=kanta")
    expect(search).to_be_focused()
    screen.check(page)

    page.reload()
    expect_films(page, "Kantara")
    expect(search).to_have_value("kanta")
    page.go_back()
    expect(page).to_have_url("/")
    expect_films(page, "Past Lives", "Kantara")


@pytest.mark.screens(SMALL)
def test_filters_narrow_in_place_and_the_city_is_remembered(page: Page) -> None:
    two_films()
    page.goto("/")
    page.get_by_label("City").select_option("Chennai")
    expect_films(page, "Kantara")
    expect(page.get_by_text("1 film in Chennai")).to_be_visible()
    page.goto("/")
    expect(page.get_by_label("City")).to_have_value("Chennai")
    expect_films(page, "Kantara")
    page.get_by_label("Genre").select_option("Drama")
    expect(page.get_by_text("No films found")).to_be_visible()
    page.get_by_role("link", name="Show all films").click()
    expect_films(page, "Past Lives", "Kantara")
    expect(page.get_by_label("City")).to_have_value("")


def test_a_film_is_found_and_its_days_looked_through(page: Page, screen: Screen) -> None:
    two_films()
    movie = make_movie("Her", slug="her", rating=9)
    make_show(movie=movie, starts_in=timedelta(hours=30))
    make_show(movie=movie, starts_in=timedelta(hours=54))
    page.goto("/")
    screen.check(page)
    page.locator("#results").get_by_role("link", name="Her").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Her")
    days = page.get_by_role("navigation", name="Days")
    chosen = days.locator('[aria-current="date"]')
    first = chosen.inner_text()
    days.get_by_role("link").last.click()
    expect(chosen).not_to_have_text(first)
    expect(page).to_have_url(re.compile("date="))
    expect(page.locator(".slot")).to_have_count(1)
    screen.check(page)


@pytest.mark.screens(*EVERY_SCREEN)
def test_the_theme_follows_the_system_until_it_is_switched_and_is_remembered(
    page: Page, screen: Screen
) -> None:
    other = OTHER[screen.theme]
    ground = page.locator("html")
    page.goto("/")
    expect(ground).to_have_css("background-color", GROUNDS[screen.theme])
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(ground).to_have_css("background-color", GROUNDS[other])
    response = page.reload()
    assert response
    assert f'<html lang="en" data-theme="{other}">' in response.text()
    expect(ground).to_have_css("background-color", GROUNDS[other])


@pytest.mark.screens(SMALL)
def test_a_film_is_found_without_javascript(
    visitor: Callable[..., BrowserContext], screen: Screen
) -> None:
    two_films()
    page = visitor(java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_label("City").select_option("Chennai")
    page.get_by_role("button", name="Show films").click()
    expect_films(page, "Kantara")
    search = page.get_by_role("searchbox")
    search.fill("past")
    search.press("Enter")
    expect_films(page, "Past Lives")
    page.locator("#results").get_by_role("link", name="Past Lives").click()
    expect(page.locator(".slot")).to_have_count(1)
    expect(page.get_by_role("button", name="Switch between light and dark")).to_be_hidden()
    screen.check(page)


@pytest.mark.screens(SMALL)
def test_a_lost_connection_is_said_with_a_way_to_try_again(page: Page) -> None:
    two_films()
    page.goto("/")
    page.context.set_offline(True)
    page.get_by_label("City").select_option("Chennai")
    expect(page.get_by_text("Connection failed. Please check your internet.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_label("City").select_option("Mumbai")
    expect_films(page, "Past Lives")
    expect(page.locator("#toast")).to_be_hidden()


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.screens
def test_no_page_scrolls_sideways(page: Page, width: int) -> None:
    two_films()
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", "/movies/past-lives/", "/accounts/signup/", "/nowhere/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


@pytest.mark.screens(SMALL)
def test_without_a_connection_the_site_says_so_and_recovers_by_itself(
    page: Page, screen: Screen, deployed_site: DeployedSite
) -> None:
    two_films()
    line = Line(deployed_site.url)
    page.goto(line.url)
    page.evaluate(UNDER_THE_WORKER)
    line.cut()
    page.goto(f"{line.url}/movies/past-lives/")
    expect(page.get_by_role("heading", name="The line went quiet.")).to_be_visible()
    expect(page.get_by_text("Connection failed. Please check your internet.")).to_be_visible()
    screen.check(page)
    line.restore()
    expect(page.get_by_role("heading", level=1)).to_have_text("Past Lives")
    line.cut()


@pytest.mark.screens(SMALL)
def test_city_day_and_format_go_along_to_the_film_its_show_and_back(page: Page) -> None:
    movie = make_movie("Her", slug="her")
    here, elsewhere = (make_screen(cinema=make_cinema(city=city)) for city in ("Pune", "Chennai"))
    for days in (1, 2):
        at = (timezone.now() + timedelta(days=days)).replace(hour=9, minute=30)
        for number, (screen, format_) in enumerate(
            product((here, elsewhere), ("IMAX", "2D", "IMAX"))
        ):
            starts_at = at + timedelta(hours=3 * (number % 3))
            make_show(movie=movie, screen=screen, starts_at=starts_at, format=format_)
    page.goto("/")
    page.get_by_label("City").select_option("Pune")
    expect(page).to_have_url(re.compile("city=Pune"))
    # The day of the last shows; it is the same date in UTC and at the cinema.
    chosen = f"{at:%Y-%m-%d}"
    page.get_by_label("Day").select_option(chosen)
    expect(page).to_have_url(re.compile("date="))
    page.get_by_label("Format").select_option("IMAX")
    expect(page).to_have_url(re.compile("format=IMAX"))
    expect_films(page, "Her")

    def expect_what_was_chosen() -> None:
        expect(page.get_by_label("City")).to_have_value("Pune")
        expect(page.get_by_label("Format")).to_have_value("IMAX")
        expect(page.locator('.strip [aria-current="date"]')).to_have_id(
            f"day-{chosen[5:].replace('-', '')}"
        )
        expect(page.locator(".strip [aria-current]")).to_be_in_viewport(ratio=1)
        expect(page.locator(".slot")).to_have_count(2)

    page.locator("#results").get_by_role("link", name="Her").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Her")
    page.locator("#times").scroll_into_view_if_needed()
    expect_what_was_chosen()
    page.locator(".slot").first.click()
    page.get_by_role("link", name="Other times for Her").click()
    expect_what_was_chosen()
    page.locator(".slot").first.click()
    expect(page.locator("#seat-map")).to_be_visible()
    page.go_back()
    expect_what_was_chosen()


def test_a_new_list_is_read_from_its_beginning(page: Page) -> None:
    for number in range(FILMS_A_PAGE + 6):
        make_show(movie=make_movie(f"Part {number:02}", language="Hindi"), plan="A ss")
    page.goto("/")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_attached()
    expect(page.get_by_role("heading", name="Now showing")).to_be_in_viewport()
    expect(page.get_by_role("heading", name="Now showing")).to_be_focused()
    page.goto("/")
    page.get_by_role("link", name="Next").scroll_into_view_if_needed()
    page.get_by_label("City").select_option("Mumbai")
    expect(page.get_by_text("30 films in Mumbai")).to_be_in_viewport()
    expect(page.locator(".film-card").first).to_be_in_viewport()


def test_forced_colours_keep_the_arrows_of_lists_and_the_current_day(
    visitor: Callable[..., BrowserContext],
) -> None:
    movie = make_movie("Her", slug="her")
    for days in (1, 2):
        make_show(movie=movie, starts_in=timedelta(days=days))
    page = visitor(forced_colors="active").new_page()
    page.goto("/movies/her/")
    day = page.locator('.strip [aria-current="date"]')
    line = day.evaluate("day => getComputedStyle(day, '::after').borderBottom")
    assert line.startswith("3px solid")
    page.goto("/")
    expect(page.get_by_label("Order")).not_to_have_css("appearance", "none")
