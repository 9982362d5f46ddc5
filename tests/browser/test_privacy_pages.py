"""The pages of "Notify me" and of personal data: axe finds nothing, and nothing is wider than the
screen; a visitor can press "Notify me" without JavaScript."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from bookings.models import Booking
from shows.tell_me import services as tell_me
from shows.tell_me.links import confirm_link, stop_link
from shows.tell_me.models import FilmWish
from tests.support.axe import violations
from tests.support.factories import make_booking, make_cinema, make_movie, make_show, make_user
from tests.support.screens import SMALL, SMALL_AND_LARGE

pytestmark = pytest.mark.screens(*SMALL_AND_LARGE)


def path_of(link: str) -> str:
    return f"/tell-me/{link.partition('/tell-me/')[2]}"


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_axe_finds_nothing(
    visitor: Callable[..., BrowserContext], sign_in: Callable[[Page, User], None]
) -> None:
    page = visitor(reduced_motion="reduce").new_page()
    film = make_movie("Later", slug="later")
    person = make_user(email_confirmed_at=timezone.now())
    make_booking(make_show(), ["A1"], user=make_user("anna@example.com"))
    wish = tell_me.ask(user=person, movie=film)
    tell_me.ask(user=person, movie=make_movie("Sooner"))
    open_wish = tell_me.ask(user=tell_me.guest_with("guest@example.com"), movie=film)
    ticket = Booking.objects.get().user
    problems = []
    for path in (
        "/movies/later/tell-me/",
        path_of(confirm_link(open_wish)),
        path_of(stop_link(wish.user)),
        "/tell-me/stop/made-up/",
    ):
        page.goto(path)
        problems += violations(page)
        assert not is_too_wide(page), path
    sign_in(page, person)
    for path in ("/movies/later/", "/tell-me/"):
        page.goto(path)
        problems += violations(page)
        assert not is_too_wide(page), path
    sign_in(page, make_user(is_staff=True, is_superuser=True))
    for user in (person, ticket):
        for what in ("export-data", "anonymise"):
            page.goto(f"/admin/accounts/user/{user.pk}/{what}/")
            problems += violations(page)
    assert not problems


@pytest.mark.screens(SMALL)
def test_a_visitor_asks_without_javascript(visitor: Callable[..., BrowserContext]) -> None:
    make_cinema(city="Mumbai")
    make_cinema(city="Pune")
    film = make_movie("Later", release_date=timezone.now().date() + timedelta(days=30))
    page = visitor(java_script_enabled=False).new_page()
    page.goto(film.get_absolute_url())
    page.get_by_role("button", name="Notify me").click()
    expect(page.get_by_text("Write your email address.")).to_be_visible()
    page.get_by_label("Your email").fill("guest@example.com")
    page.get_by_label("Where").select_option("Pune")
    page.get_by_role("button", name="Notify me").click()
    expect(page.get_by_text("open the mail that we sent to guest@example.com")).to_be_visible()
    wish = FilmWish.objects.get()
    assert (wish.city, wish.confirmed_at) == ("Pune", None)
    page.goto(path_of(confirm_link(wish)))
    page.get_by_role("button", name="Yes, notify me").click()
    expect(page.get_by_role("heading", name="You’re on the list")).to_be_visible()
    wish.refresh_from_db()
    assert wish.confirmed_at
