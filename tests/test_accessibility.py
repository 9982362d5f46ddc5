"""axe finds nothing to complain about, on small and large screens, in the dark and in the light."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page

from accounts.models import User
from bookings import services
from shows.models import Show
from tests.factories import lapse, make_booking, make_movie, make_show, make_user
from tests.live_site import LiveSite

PASSWORD = "marquee lights 9"


@pytest.fixture(params=[(360, "dark"), (1280, "light")])
def visit(
    request: pytest.FixtureRequest,
    browser: Browser,
    live_site: LiveSite,
    transactional_db: None,
) -> Iterator[Page]:
    width, theme = request.param
    viewport = {"width": width, "height": 800}
    context = browser.new_context(
        base_url=live_site.url,
        viewport=viewport,  # type: ignore[arg-type]
        color_scheme=theme,
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    report = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{page.url}: {found['id']} at {[node['target'] for node in found['nodes']]}"
        for found in report["violations"]
    ]


def test_pages_for_everyone(visit: Page) -> None:
    movie = make_movie("Past Lives", slug="past-lives", rating=8, certification="UA", cast=["A B"])
    show = make_show(movie=movie, starts_in=timedelta(days=1))
    make_booking(show, ["A1", "A2", "E1"])
    full = make_show("A ss", movie=movie, starts_in=timedelta(days=1, hours=1))
    Show.objects.filter(pk=full.pk).update(available_seats=0)
    make_movie("Not on", slug="not-on")
    make_movie("Later", slug="later", release_date=timezone.now().date() + timedelta(days=30))
    problems = []
    for path in (
        "/",
        "/?q=past",
        "/?q=zzzz",
        "/?list=soon",
        "/movies/past-lives/",
        "/movies/not-on/",
        "/movies/later/",
        f"/shows/{show.pk}/",
        "/accounts/signup/",
        "/accounts/login/?next=/bookings/",
        "/accounts/password-reset/",
        "/accounts/password-reset/sent/",
        "/accounts/password-reset/done/",
        "/accounts/password-reset/x/y/",
        "/nowhere/",
        "/offline/",
    ):
        visit.goto(path)
        problems += violations(visit)
    visit.goto("/accounts/signup/")
    visit.locator("main").get_by_role("button", name="Sign up").click()
    problems += violations(visit)
    assert not problems


def test_pages_of_a_person(visit: Page, sign_in: Callable[[Page, User], None]) -> None:
    user = make_user(password=PASSWORD)
    show, other, third = make_show(), make_show(), make_show()
    ticket = make_booking(show, ["A1", "E1"], user=user)
    held = services.hold_seats(user=user, show_id=other.pk, labels=["B2"])
    gone = services.hold_seats(user=user, show_id=third.pk, labels=["C3"])
    lapse(gone)
    sign_in(visit, user)
    problems = []
    for path in (
        "/accounts/profile/",
        "/accounts/profile/password/",
        "/accounts/profile/delete/",
        "/bookings/",
        f"/shows/{show.pk}/",
        *(f"/bookings/{booking.reference}/" for booking in (ticket, held, gone)),
    ):
        visit.goto(path)
        problems += violations(visit)
    visit.goto("/")
    visit.locator("[data-menu] summary").click()
    problems += violations(visit)
    assert not problems
