"""Pages without data, of shows that can't be booked, with errors and in maintenance; style page."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from django.urls import resolve
from playwright.sync_api import Page, expect

from accounts.models import User
from bookmyshow.site.error_pages import unavailable
from shows.models import Show
from tests.support.browser import Chromium
from tests.support.deployed_site import DeployedSite, serve
from tests.support.factories import begin, make_booking, make_movie, make_show, make_user
from tests.support.screens import SMALL, SMALL_AND_LARGE, Screen

pytestmark = pytest.mark.screens(*SMALL_AND_LARGE)

SignIn = Callable[[Page, User], None]


def see(page: Page, screen: Screen, path: str, words: str) -> None:
    """Assert that the words are in view, and that the page has a button for the next step."""
    page.goto(path)
    expect(page.get_by_text(words).first).to_be_in_viewport()
    actions = page.locator("main .button:visible:not(.needs-js .button)")
    assert actions.count(), f"nothing to do at {path}"
    screen.check(page)


def test_shows_and_lists_that_have_nothing_to_sell_say_so_and_lead_on(
    page: Page, screen: Screen, sign_in: SignIn
) -> None:
    movie = make_movie("Past Lives", slug="past-lives")
    begun, cancelled, full = (make_show("A " + "s" * 30, movie=movie) for _ in range(3))
    begin(begun)
    Show.objects.filter(pk=cancelled.pk).update(status=Show.Status.CANCELLED)
    for first in (1, 11, 21):
        make_booking(full, [f"A{number}" for number in range(first, first + 10)])
    make_movie("Not on", slug="not-on")
    see(page, screen, "/?q=zzzz", "No films found")
    see(page, screen, "/movies/not-on/", "Times and seats")
    see(page, screen, begun.get_absolute_url(), "This show has begun")
    see(page, screen, cancelled.get_absolute_url(), "This show was cancelled.")
    see(page, screen, full.get_absolute_url(), "Sold out for now")
    sign_in(page, make_user())
    see(page, screen, "/bookings/", "No tickets yet")


def test_what_goes_wrong_is_said_kindly_and_leads_on(
    page: Page, screen: Screen, deployed_site: DeployedSite
) -> None:
    see(page, screen, "/nowhere/", "Page not found.")
    see(page, screen, "/accounts/password-reset/x/y/", "This link has had its day")
    see(page, screen, "/bookings/", "Please log in.")
    page.context.clear_cookies()
    page.get_by_label("Email").fill("asha@example.com")
    page.get_by_label("Password", exact=True).fill("marquee lights 9")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="This page waited too long.")).to_be_visible()
    screen.check(page)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="Please log in.")).to_be_visible()


def test_the_style_page_shows_the_design_in_one_place(
    page: Page, screen: Screen, sign_in: SignIn
) -> None:
    make_movie("Her")
    sign_in(page, make_user(is_staff=True))
    page.goto("/admin/style/")
    for section in ("Colour", "Type", "Buttons and links", "Fields", "Messages", "Posters"):
        expect(page.get_by_role("heading", name=section)).to_be_visible()
    screen.check(page)


@pytest.mark.without_service_worker
@pytest.mark.screens(SMALL)
def test_what_the_server_refused_stays_said_until_that_very_thing_is_answered(
    page: Page, screen: Screen, sign_in: SignIn
) -> None:
    show = make_show()
    sign_in(page, make_user())
    page.clock.install()
    page.goto(show.get_absolute_url())
    page.route("**/hold/", lambda route: route.fulfill(status=500, body="<h1>Server error</h1>"))
    page.locator("#s-A1").check()
    page.locator(".bar__button").click()
    refused = page.get_by_text("Server error. Please try again later.")
    expect(refused).to_be_visible()
    # A successful poll does not remove the message.
    with page.expect_response("**/seats/*"):
        page.clock.run_for(5_000)
    make_booking(show, ["B1"])
    page.clock.run_for(5_000)
    expect(page.locator("#s-B1")).to_be_disabled()
    expect(refused).to_be_visible()
    screen.check(page)
    page.unroute_all()
    page.get_by_role("button", name="Dismiss").click()
    expect(refused).to_be_hidden()
    page.locator(".bar__button").click()
    expect(page.get_by_role("button", name="Confirm")).to_be_visible()


@pytest.mark.without_service_worker
@pytest.mark.screens(SMALL)
def test_an_answer_that_was_lost_is_told_as_what_it_is(
    page: Page, screen: Screen, sign_in: SignIn, rf: RequestFactory
) -> None:
    """The seats may be held, so the page must not say that nothing was changed."""
    show = make_show()
    sign_in(page, make_user())
    page.goto(show.get_absolute_url())
    request = rf.post(f"/shows/{show.pk}/hold/")
    request.resolver_match = resolve(request.path)
    lost = unavailable(request, OperationalError())
    body = lost.content.decode()
    page.route("**/hold/", lambda route: route.fulfill(status=503, body=body))
    page.locator("#s-A1").check()
    page.locator(".bar__button").click()
    toast = page.locator("#toast")
    expect(toast).to_contain_text("We don’t know yet whether your seats are held.")
    expect(toast).to_contain_text("Look at your bookings")
    screen.check(page)


@pytest.mark.without_service_worker
@pytest.mark.screens(SMALL)
def test_a_poll_that_fails_is_said_and_its_next_answer_takes_that_away(page: Page) -> None:
    page.clock.install()
    page.goto(make_show().get_absolute_url())
    page.route("**/seats/*", lambda route: route.fulfill(status=429, body="<!doctype html><p>"))
    page.clock.run_for(5_000)
    refused = page.get_by_text("That was a little fast.")
    expect(refused).to_be_visible()
    expect(page.locator("#s-A1")).to_be_enabled()
    page.unroute_all()
    page.clock.run_for(5_000)
    expect(refused).to_be_hidden()


@pytest.mark.screens
def test_maintenance_is_announced_on_every_screen(
    chromium: Chromium, deployed_site: DeployedSite, transactional_db: None, tmp_path: Path
) -> None:
    with serve(tmp_path, MAINTENANCE="on") as closed:
        for screen in SMALL_AND_LARGE:
            looks = {"viewport": screen.viewport, "color_scheme": screen.theme}
            with chromium.context(**looks) as context:
                page = context.new_page()
                answer = page.goto(closed.url)
                assert answer
                assert answer.status == 503
                expect(page.get_by_role("heading", name="A short interval.")).to_be_visible()
                screen.check(page)
