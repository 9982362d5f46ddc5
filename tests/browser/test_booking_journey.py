"""A new customer signs up, finds a film, books and sees the ticket, in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from shows.models import Show
from tests.support.factories import lapse, make_movie, make_show, make_user
from tests.support.screens import SMALL, SMALL_AND_LARGE, Screen

pytestmark = pytest.mark.screens(SMALL)

LEAST_CODE_PX = 140
REFERENCE = re.compile(r"BMV[0-9A-HJKMNP-TV-Z]{12}")


@pytest.fixture
def show(transactional_db: None) -> Show:
    make_show(movie=make_movie("Past Lives"))
    return make_show(movie=make_movie("Perfect Days", slug="perfect-days"))


def sign_up(page: Page, email: str) -> None:
    page.get_by_label("Name").fill("Asha Rao")
    page.get_by_label("Email").fill(email)
    page.locator("input[type=password]").first.fill("a quiet row near the back")
    for extra in page.locator("input[type=password]").all()[1:]:
        extra.fill("a quiet row near the back")
    page.get_by_role("button", name="Sign up").click()


def choose(page: Page, *labels: str) -> None:
    for label in labels:
        page.get_by_role("checkbox", name=re.compile(rf"^{label},")).check()


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_a_newcomer_signs_up_finds_a_film_and_books(page: Page, show: Show, screen: Screen) -> None:
    page.goto("/accounts/signup/")
    sign_up(page, "asha@example.com")
    expect(page).to_have_url("/")

    # Before the scripts are loaded, typing does not start a search.
    page.wait_for_load_state()
    search = page.get_by_role("searchbox").first
    search.fill("perfect")
    expect(page).to_have_url(re.compile(r"/\?q=perfect"))
    # Enter searches again. Wait for its answer, because it replaces the link that is clicked next.
    page.locator("#results").evaluate("results => results.classList.add('old')")
    search.press("Enter")
    expect(page.locator("#results.old")).to_have_count(0)
    page.get_by_role("link", name=re.compile("Perfect Days")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Perfect Days")
    screen.check(page)
    page.locator(f"a[href*='/shows/{show.pk}/']").click()

    choose(page, "C4", "C5")
    screen.check(page)
    expect(page.get_by_role("button", name="Continue")).to_be_in_viewport()
    expect(page.get_by_text("C4, C5")).to_be_visible()
    expect(page.get_by_text("₹500").last).to_be_visible()
    page.get_by_role("button", name="Continue").click()

    expect(page).to_have_url(re.compile(r"/bookings/BMV"))
    countdown = page.locator("[data-countdown]")
    expect(countdown).to_contain_text(re.compile(r"\b(9|10):\d\d"))
    before = countdown.inner_text()
    expect(countdown).not_to_have_text(before)
    screen.check(page)
    expect(page.get_by_role("button", name="Confirm, pay ₹500 at the cinema")).to_be_in_viewport()
    page.get_by_role("button", name="Confirm, pay ₹500 at the cinema").click()

    reference = page.get_by_role("paragraph").filter(has_text=REFERENCE)
    expect(reference).to_be_visible()
    booking = Booking.objects.get()
    assert reference.inner_text() == booking.reference
    assert (booking.status, booking.seats) == (Booking.Status.CONFIRMED, ["C4", "C5"])
    screen.check(page)
    code = page.get_by_role("link", name="Show the QR code full screen").bounding_box()
    assert code
    assert code["width"] >= LEAST_CODE_PX

    page.goto("/bookings/")
    screen.check(page)
    expect(page.get_by_role("link", name="Perfect Days", exact=True)).to_be_visible()
    expect(page.get_by_text("C4, C5")).to_be_visible()
    assert list(find_breaches()) == []

    page.goto("/accounts/profile/")
    screen.check(page)
    page.get_by_label("Name").fill("Asha R")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your details are saved.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Asha R")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download my data").click()
    assert booking.reference in download.value.path().read_text()


def test_the_same_booking_is_made_without_javascript(
    visitor: Callable[..., BrowserContext], show: Show, screen: Screen
) -> None:
    page = visitor(java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_role("searchbox").first.fill("perfect")
    page.get_by_role("searchbox").first.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?.*q=perfect"))
    page.get_by_role("link", name=re.compile("Perfect Days")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Perfect Days")
    screen.check(page)
    page.locator(f"a[href*='/shows/{show.pk}/']").click()
    choose(page, "C4", "E5")
    screen.check(page)
    page.get_by_role("button", name="Continue").click()

    # Held before signing up, still held after.
    page.get_by_role("main").get_by_role("link", name="create one").click()
    expect(page.get_by_text("C4, E5 for Perfect Days are held for you.")).to_be_visible()
    sign_up(page, "noscript@example.com")
    expect(page.get_by_label("Phone")).to_have_count(0)
    expect(page.get_by_role("button", name="Confirm, pay ₹650 at the cinema")).to_be_visible()
    screen.check(page)
    page.get_by_role("button", name="Confirm, pay ₹650 at the cinema").click()
    expect(page.get_by_role("paragraph").filter(has_text=REFERENCE)).to_be_visible()
    screen.check(page)
    page.goto("/bookings/")
    expect(page.get_by_text("C4, E5")).to_be_visible()
    screen.check(page)
    assert Booking.objects.get().status == Booking.Status.CONFIRMED


def test_a_hold_that_ran_out_says_so_and_leads_back_to_the_map(
    page: Page, show: Show, sign_in: Callable[[Page, User], None]
) -> None:
    sign_in(page, make_user())
    page.goto(f"/shows/{show.pk}/")
    choose(page, "C4")
    page.get_by_role("button", name="Continue").click()
    confirm = page.get_by_role("button", name=re.compile("^Confirm"))
    expect(confirm).to_be_visible()
    lapse(Booking.objects.get())
    confirm.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("ran out|time", re.I))
    expect(page.get_by_role("button", name=re.compile("^Confirm"))).to_have_count(0)
    page.locator(
        f"a[href*='/shows/{show.pk}/'], form[action*='/shows/{show.pk}/']"
    ).first.wait_for()
    assert Booking.objects.get().status_at(Booking.objects.with_clock().get().now) == "FAILED"
