"""Visitors buy without an account: seats first, then a name; a mailed link is the way back."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from accounts.models import User
from bookings import services
from bookings.guests.links import guest_link
from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from shows.models import Show
from tests.support.axe import violations
from tests.support.factories import (
    lapse,
    make_booking,
    make_guest,
    make_movie,
    make_show,
    make_user,
)
from tests.support.screens import SMALL, SMALL_AND_LARGE, Screen

pytestmark = pytest.mark.screens(SMALL)
PASSWORD = "a quiet row near the back"
DETAILS = {"Your name": "Asha Rao", "Email": "asha@example.com", "Phone": "+91 98200 12345"}


@pytest.fixture
def show(transactional_db: None) -> Show:
    return make_show(movie=make_movie("Perfect Days", slug="perfect-days"))


TWO_FRAMES = """
    () => new Promise((done) => setTimeout(
        () => requestAnimationFrame(() => requestAnimationFrame(done)), 100))
"""


class Hand:
    """Counts what a person does: taps on the screen, and fields that are filled in."""

    def __init__(self) -> None:
        self.taps = 0
        self.fields = 0

    def tap(self, target: Locator) -> None:
        target.tap()
        self.taps += 1

    def fill(self, field: Locator, text: str) -> None:
        field.fill(text)
        self.fields += 1


def seat(page: Page, label: str) -> Locator:
    return page.get_by_role("checkbox", name=re.compile(rf"^{label},"))


def confirm_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Confirm"))


def hold(page: Page, show: Show, *labels: str) -> Booking:
    """Hold these seats on the map; returns the new hold."""
    page.goto(show.get_absolute_url())
    for label in labels:
        seat(page, label).check()
    page.get_by_role("button", name="Continue").click()
    expect(confirm_button(page)).to_be_visible()
    # The checks of the fields work once the scripts are loaded.
    page.wait_for_load_state()
    return Booking.objects.latest("pk")


def fill_in(page: Page, **changes: str) -> None:
    for label, text in (DETAILS | changes).items():
        page.get_by_label(label).fill(text)


def expect_ticket(page: Page) -> None:
    expect(page.get_by_role("heading", name="Booked. Enjoy the film.")).to_be_visible()


def test_two_seats_are_bought_in_five_taps_and_three_fields(
    visitor: Callable[..., BrowserContext], show: Show
) -> None:
    page, hand = visitor(has_touch=True, is_mobile=True).new_page(), Hand()
    page.goto(show.movie.get_absolute_url())
    hand.tap(page.locator(f"a[href*='/shows/{show.pk}/']"))
    for label in ("C4", "C5"):
        hand.tap(page.locator(f"label[for=s-{label}], #s-{label}").last)
        expect(seat(page, label)).to_be_checked()
    hand.tap(page.get_by_role("button", name="Continue"))
    for label, text in DETAILS.items():
        hand.fill(page.get_by_label(label), text)
    hand.tap(confirm_button(page))
    expect_ticket(page)
    assert (hand.taps, hand.fields) == (5, 3)
    booking = Booking.objects.get()
    assert (booking.status, booking.seats) == ("CONFIRMED", ["C4", "C5"])
    assert (booking.user.is_guest, booking.user.email) == (True, "asha@example.com")
    assert list(find_breaches()) == []


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_the_pages_of_a_guest_fit_and_are_accessible(
    page: Page, show: Show, screen: Screen
) -> None:
    booking = hold(page, show, "C4")
    screen.check(page)
    assert violations(page) == []
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(page.get_by_text("is held for you")).to_be_visible()
    screen.check(page)
    assert violations(page) == []
    page.goto(booking.get_absolute_url())
    fill_in(page)
    confirm_button(page).click()
    expect_ticket(page)
    screen.check(page)
    page.get_by_role("link", name="My bookings").first.click()
    expect(page.get_by_role("button", name="Forget my bookings here")).to_be_visible()
    screen.check(page)
    assert violations(page) == []
    page.get_by_role("link", name="Find another booking").click()
    screen.check(page)
    assert violations(page) == []


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_what_has_to_be_changed_is_told_beside_the_field_and_the_rest_stays(
    page: Page, show: Show, screen: Screen
) -> None:
    hold(page, show, "C4")
    fill_in(page, Email="asha@")
    # Leaving the field is enough.
    page.get_by_label("Phone").focus()
    words = page.get_by_text("Write an email address, for example asha@example.com.")
    expect(words).to_be_visible()
    before = page.locator("[data-time]").inner_text()
    confirm_button(page).click()
    expect(page.get_by_label("Email")).to_be_focused()
    expect(words).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Asha Rao")
    expect(page.locator("[data-time]")).not_to_have_text(before)
    screen.check(page)
    if screen.width == 1280:
        # The longer words under one field don't move the field beside it.
        tops = page.locator(".guest-form [name=email], .guest-form [name=phone]").evaluate_all(
            "all => all.map((each) => each.getBoundingClientRect().top)"
        )
        assert len(tops) == 2
        assert tops[0] == tops[1]
    page.get_by_label("Email").fill("asha@example.com")
    press_until_checked(page, confirm_button(page))
    expect_ticket(page)


def press_until_checked(page: Page, button: Locator) -> None:
    """Press the lower edge of the button, and release it after the field left by it was checked."""
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4)
    with page.expect_response("**/email/") as checked:
        page.mouse.down()
    checked.value.finished()
    # Words that were to go now would be gone after the next two frames.
    page.evaluate(TWO_FRAMES)
    page.mouse.up()


def test_of_two_visitors_who_want_a_seat_one_gets_it_before_either_has_a_name(
    visitor: Callable[..., BrowserContext], show: Show
) -> None:
    pages = [visitor().new_page() for _ in range(2)]
    for page in pages:
        page.goto(show.get_absolute_url())
        seat(page, "C4").check()
    for page in pages:
        page.get_by_role("button", name="Continue").click()
    expect(confirm_button(pages[0])).to_be_visible()
    expect(pages[1].get_by_text("Seat C4 is no longer free.")).to_be_visible()
    assert Booking.objects.count() == 1
    fill_in(pages[0])
    confirm_button(pages[0]).click()
    expect_ticket(pages[0])


def log_in(page: Page, user: User) -> None:
    page.get_by_label("Email").fill(user.email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def test_a_log_in_midway_keeps_the_seats_and_says_what_became_of_others(
    page: Page, show: Show
) -> None:
    user = make_user("mira@example.com", PASSWORD)
    elsewhere = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    booking = hold(page, show, "C4", "C5")
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(page.get_by_text("C4, C5 for Perfect Days are held for you.")).to_be_visible()
    log_in(page, user)
    expect(page).to_have_url(re.compile(booking.get_absolute_url()))
    expect(page.get_by_text("You were holding A1 at this show already.")).to_be_visible()
    expect(page.get_by_label("Phone")).to_have_count(0)
    confirm_button(page).click()
    expect_ticket(page)
    booking.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (booking.user, booking.status) == (user, "CONFIRMED")
    assert (elsewhere.status, elsewhere.ended_reason) == ("FAILED", "swapped")


def test_a_sign_up_midway_keeps_the_seats(page: Page, show: Show) -> None:
    booking = hold(page, show, "C4")
    page.get_by_role("main").get_by_role("link", name="create one").click()
    page.get_by_label("Your name").fill("Asha Rao")
    page.get_by_label("Email").fill("new@example.com")
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page).to_have_url(re.compile(booking.get_absolute_url()))
    confirm_button(page).click()
    expect_ticket(page)
    booking.refresh_from_db()
    assert booking.user.email == "new@example.com"
    assert not booking.user.is_guest


def test_a_guest_buys_without_javascript(
    visitor: Callable[..., BrowserContext], show: Show, screen: Screen
) -> None:
    page = visitor(java_script_enabled=False).new_page()
    hold(page, show, "C4", "E5")
    screen.check(page)
    page.get_by_label("Your name").fill("Asha Rao")
    confirm_button(page).click()
    expect(page.get_by_text("Write your email address: your ticket goes there.")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Asha Rao")
    fill_in(page)
    confirm_button(page).click()
    expect_ticket(page)
    assert Booking.objects.get().status == "CONFIRMED"


def test_a_guest_buys_by_keyboard_alone(page: Page, show: Show) -> None:
    hold(page, show, "C4")
    page.get_by_role("main").get_by_role("link", name="create one").focus()
    for text in DETAILS.values():
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect_ticket(page)


def test_a_double_click_and_a_second_tab_buy_once(page: Page, show: Show) -> None:
    booking = hold(page, show, "C4")
    other = page.context.new_page()
    other.goto(booking.get_absolute_url())
    for tab in (page, other):
        fill_in(tab)
    confirm_button(page).dblclick()
    expect_ticket(page)
    confirm_button(other).click()
    expect_ticket(other)
    assert Booking.objects.filter(status="CONFIRMED").count() == 1
    assert User.objects.count() == 1


def test_back_after_buying_shows_the_ticket_and_forward_too(page: Page, show: Show) -> None:
    hold(page, show, "C4")
    fill_in(page)
    confirm_button(page).click()
    expect_ticket(page)
    page.go_back()
    page.go_forward()
    expect_ticket(page)


def test_what_was_typed_survives_the_end_of_the_hold(page: Page, show: Show) -> None:
    booking = hold(page, show, "C4")
    fill_in(page)
    lapse(booking)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", name="Your time ran out")).to_be_visible()
    page.get_by_role("button", name="Hold C4 again").click()
    for label, text in DETAILS.items():
        expect(page.get_by_label(label)).to_have_value(text)
    confirm_button(page).click()
    expect_ticket(page)


def test_the_mailed_link_opens_the_ticket_in_another_browser(
    visitor: Callable[..., BrowserContext], show: Show, screen: Screen
) -> None:
    guest = make_guest("asha@example.com", name="Asha Rao")
    link = urlsplit(guest_link(make_booking(show, ["C4"], user=guest))).path
    page = visitor().new_page()
    page.goto(link)
    screen.check(page)
    assert violations(page) == []
    referers: list[str] = []
    page.on("request", lambda request: referers.append(request.headers.get("referer", "")))
    page.get_by_role("button", name="Open my booking").click()
    expect_ticket(page)
    assert referers
    assert not any(link in referer for referer in referers), "the link is in no Referer"
    assert "guest" not in page.url
    page.goto("/bookings/")
    page.get_by_role("button", name="Forget my bookings here").click()
    expect(page.get_by_text("This browser has forgotten your bookings.")).to_be_visible()
    page.goto("/bookings/")
    expect(page.get_by_role("heading", name="Please log in.")).to_be_visible()


def test_an_account_made_later_takes_the_tickets_after_the_mail_was_opened(
    page: Page, show: Show, screen: Screen, sign_in: Callable[[Page, User], None]
) -> None:
    ticket = make_booking(show, ["C4"], user=make_guest("asha@example.com"))
    user = make_user("mira@example.com")
    sign_in(page, user)
    page.goto("/bookings/")
    expect(page.get_by_role("button", name="Add to my account")).to_have_count(0)
    page.goto(urlsplit(guest_link(ticket)).path)
    page.get_by_role("button", name="Open my booking").click()
    expect_ticket(page)
    page.goto("/bookings/")
    screen.check(page)
    assert violations(page) == []
    page.get_by_role("button", name="Add to my account").click()
    expect(page.get_by_text("1 booking is in your account now.")).to_be_visible()
    ticket.refresh_from_db()
    assert ticket.user == user
