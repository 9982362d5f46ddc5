"""Booking with only the keyboard, and what a screen reader reads."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from bookings import services
from bookings.models import Booking
from tests.support.factories import lapse, make_booking, make_movie, make_show, make_user
from tests.support.screens import SMALL, SMALL_AND_LARGE

pytestmark = pytest.mark.screens(SMALL)

SignIn = Callable[[Page, User], None]
MOST_TABS = 60


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until this element has the focus; it must be in view and show the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            focused = page.locator(":focus")
            expect(focused).to_be_in_viewport()
            assert focused.evaluate("e => e.matches(':focus-visible')"), selector
            return
    raise AssertionError(f"Tab never reached {selector}")


def fill(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.type(text)


def press(page: Page, selector: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Enter")


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_a_newcomer_with_a_keyboard_alone_finds_a_film_signs_up_and_books(page: Page) -> None:
    make_show(movie=make_movie("Past Lives"))
    movie = make_movie("Perfect Days", slug="perfect-days")
    show = make_show(movie=movie)
    make_booking(show, ["A1"])
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    fill(page, "[type=search]", "perfect")
    expect(page.get_by_role("link", name="Past Lives")).to_have_count(0)
    # Wait for the last answer of the search, which would replace the link.
    expect(page).to_have_url("/?q=perfect")
    press(page, f"a[href='{movie.get_absolute_url()}']")
    page.wait_for_url("**/movies/perfect-days/**")
    press(page, f"a[href='{show.get_absolute_url()}']")
    page.wait_for_url(f"**{show.get_absolute_url()}")
    tab_to(page, "[name=seat]")
    expect(page.locator("#s-A2")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    press(page, ".bar__button")

    expect(page.get_by_role("heading", name="These seats are yours for now")).to_be_visible()
    press(page, "main a[href*='/accounts/signup/']")
    page.wait_for_url("**/accounts/signup/**")
    fill(page, "[name=name]", "Asha Rao")
    fill(page, "[name=email]", "asha@example.com")
    fill(page, "main [type=password]", "a quiet row near the back")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="These seats are yours for now")).to_be_visible()
    press(page, ".button--primary")
    expect(page.get_by_role("heading", name="Booked")).to_be_visible()
    booking = Booking.objects.get(user__email="asha@example.com")
    assert (booking.status, booking.seats) == ("CONFIRMED", ["B2", "B3"])


def test_the_map_as_a_screen_reader_has_it(page: Page, sign_in: SignIn) -> None:
    show, user = make_show(), make_user()
    make_booking(show, ["A1"])
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["A2"])
    services.hold_seats(user=user, show_id=show.pk, labels=["C4"])
    sign_in(page, user)
    page.goto(show.get_absolute_url())
    tree = page.locator("main").aria_snapshot()
    for line in (
        f'heading "{show.movie.title}" [level=1]',
        'group "Row A"',
        'checkbox "A1, taken" [disabled]',
        'checkbox "A2, taken for now" [disabled]',
        'checkbox "A3, ₹250"',
        'checkbox "C4, ₹250, held for you" [checked]',
        'checkbox "D1, wheelchair place, ₹250"',
        'checkbox "E1, premium, ₹400"',
        'combobox "Best seats for"',
        'group "Size of the map"',
        'list "What the seats look like"',
        'button "Back to checkout"',
    ):
        assert line in tree, tree
    page.locator("#s-A4").check()
    alone = "A3, A5, C5 would each be left on their own."
    expect(page.get_by_role("status").filter(has_text=alone)).to_be_visible()


def test_the_countdown_is_said_at_its_thresholds_and_the_end_as_a_heading(
    page: Page, sign_in: SignIn
) -> None:
    user = make_user()
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["C4", "E1"])
    sign_in(page, user)
    page.goto(held.get_absolute_url())
    tree = page.locator("main").aria_snapshot()
    for line in (
        'heading "These seats are yours for now"',
        'button "Confirm, pay ₹650 at the cinema"',
    ):
        assert line in tree, tree
    # The running seconds are not a live region; the announcements have their own.
    ticking = page.locator("[data-time]")
    assert ticking.evaluate("e => !e.closest('[aria-live], [role=status], [role=timer]')")
    expect(page.locator("[data-countdown-status]")).to_have_attribute(
        "role", re.compile("status|alert")
    )
    lapse(held)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your time ran out", level=1)).to_be_visible()
