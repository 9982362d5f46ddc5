"""From a hold to a ticket in a real browser: countdown, errors, back button, keyboard only."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookmyshow.core.time import database_now
from tests.support.factories import lapse, make_booking, make_show, make_user
from tests.support.screens import SMALL, SMALL_AND_LARGE, Screen

pytestmark = pytest.mark.screens(SMALL)

SignIn = Callable[[Page, User], None]
# Records each text of the countdown that a screen reader announces.
LISTEN = """() => {
  const status = document.querySelector("[data-countdown-status]");
  window.said = [];
  new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true });
}"""
BEHIND = "const real = Date.now; Date.now = () => real() - 86_400_000;"


@pytest.fixture
def user(transactional_db: None) -> User:
    return make_user()


@pytest.fixture
def held(user: User, page: Page, sign_in: SignIn) -> Booking:
    sign_in(page, user)
    return services.hold_seats(user=user, show_id=make_show().pk, labels=["C4", "C5"])


def leave(booking: Booking, seconds: int) -> None:
    """Set the hold's end to `seconds` from now."""
    now = timezone.now()
    Booking.objects.filter(pk=booking.pk).update(
        created_at=now - timedelta(minutes=1), expires_at=now + timedelta(seconds=seconds)
    )


def seconds_shown(page: Page) -> int:
    minutes, seconds = page.locator("[data-time]").inner_text().split(":")
    return int(minutes) * 60 + int(seconds)


def seconds_left(booking: Booking) -> int:
    """The remaining seconds by the server's clock."""
    booking.refresh_from_db()
    return booking.seconds_remaining(database_now())


def test_the_countdown_is_the_servers_whatever_the_clock_here_and_survives_a_reload(
    page: Page, held: Booking
) -> None:
    leave(held, 500)
    page.add_init_script(BEHIND)
    for visit in (lambda: page.goto(held.get_absolute_url()), page.reload):
        most = seconds_left(held)
        visit()
        shown = seconds_shown(page)
        # The page counts from the arrival of the answer, so it may show less time, but never more.
        assert seconds_left(held) - 1 <= shown <= most


def test_a_page_that_slept_asks_the_server_again(page: Page, held: Booking) -> None:
    page.goto(held.get_absolute_url())
    assert seconds_shown(page) > 300
    leave(held, 290)
    asked = time.monotonic()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-time]")).to_have_text(re.compile(r"^[0-4]:\d\d$"))
    # The page counts from its request, so it may show less by the time that the answer took.
    took = time.monotonic() - asked
    assert seconds_left(held) - 1 - took <= seconds_shown(page) <= 290


def test_the_last_half_minute_is_marked_and_announced_once(page: Page, held: Booking) -> None:
    # The page's clock moves only when the test moves it.
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    page.goto(held.get_absolute_url())
    box = page.locator("[data-countdown]")
    page.clock.run_for((seconds_shown(page) - 55) * 1_000)
    page.evaluate(LISTEN)
    page.clock.run_for((seconds_shown(page) - 31) * 1_000)
    expect(box).not_to_have_class(re.compile("countdown--soon"))
    assert page.evaluate("said") == []
    page.clock.run_for(5_000)
    expect(box).to_have_class(re.compile("countdown--soon"))
    assert page.evaluate("said") == ["30 seconds left to confirm."]


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_a_hold_that_runs_out_says_so_by_itself_and_offers_the_same_seats(
    page: Page, held: Booking, screen: Screen
) -> None:
    leave(held, 1)
    page.goto(held.get_absolute_url())
    expect(page.get_by_role("heading", name="Your time ran out")).to_be_visible()
    screen.check(page)
    page.get_by_role("button", name="Hold C4, C5 again").click()
    expect(page.get_by_role("button", name="Confirm")).to_be_visible()
    assert Booking.objects.filter(status="PENDING").count() == 1


def test_a_double_click_and_a_second_tab_confirm_once(page: Page, held: Booking) -> None:
    page.goto(held.get_absolute_url())
    other = page.context.new_page()
    other.goto(held.get_absolute_url())
    page.get_by_role("button", name="Confirm").dblclick()
    expect(page.get_by_text(held.reference, exact=True).first).to_be_visible()
    other.get_by_role("button", name="Confirm").click()
    expect(other.get_by_role("heading", name="Booked")).to_be_visible()
    assert Booking.objects.get().status == "CONFIRMED"


def test_back_after_confirming_shows_the_ticket(page: Page, held: Booking) -> None:
    page.goto(held.show.get_absolute_url())
    page.goto(held.get_absolute_url())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Booked")).to_be_visible()
    page.go_back()
    expect(page.locator("#s-C4")).to_be_disabled()
    page.go_forward()
    expect(page.get_by_role("heading", name="Booked")).to_be_visible()


def test_confirming_offline_is_said_and_can_be_tried_again(page: Page, held: Booking) -> None:
    page.goto(held.get_absolute_url())
    page.context.set_offline(True)
    # Wait until the POST has failed; the message alone also appears when the connection is lost.
    with page.expect_event("requestfailed", lambda request: request.method == "POST"):
        page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Connection failed. Please check your internet.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Booked")).to_be_visible()


def test_a_lapsed_hold_that_someone_took_over_is_told_plainly(page: Page, held: Booking) -> None:
    page.goto(held.get_absolute_url())
    lapse(held)
    make_booking(held.show, ["C4"])
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your time ran out")).to_be_visible()
    expect(page.get_by_text("C5 is still free")).to_be_visible()


def test_by_keyboard_alone_from_the_map_to_the_ticket_and_back(
    page: Page, user: User, sign_in: SignIn
) -> None:
    show = make_show()
    sign_in(page, user)
    page.goto(show.get_absolute_url())

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab never reached {selector}")

    tab_to("[name=seat]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator("[data-seats]")).to_have_text("B1, B2")
    tab_to(".bar__button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="These seats are yours for now")).to_be_visible()
    tab_to(".button--primary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Booked")).to_be_visible()
    tab_to(".cancel > summary")
    page.keyboard.press("Enter")
    tab_to(".button--danger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You cancelled this booking")).to_be_visible()


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_the_code_fills_the_screen_with_light_and_goes_again(
    page: Page, user: User, sign_in: SignIn
) -> None:
    booking = make_booking(make_show(), ["C4"], user=user)
    sign_in(page, user)
    page.goto(booking.get_absolute_url())
    page.get_by_role("link", name="Show the QR code full screen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_have_css("background-color", "rgb(255, 255, 255)")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
