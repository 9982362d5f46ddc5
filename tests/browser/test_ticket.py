"""The ticket as a page, on paper, in the calendar, and as a link for friends."""

import re
from collections.abc import Callable

import pytest
from icalendar import Calendar
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from bookings import services
from bookings.models import Booking
from tests.support.deployed_site import DeployedSite
from tests.support.factories import lapse, make_booking, make_movie, make_show, make_user
from tests.support.screens import SMALL, SMALL_AND_LARGE, Screen

pytestmark = pytest.mark.screens(SMALL)

SignIn = Callable[[Page, User], None]
Visitor = Callable[..., BrowserContext]
LEAST_CODE_PX = 140
# The policy keeps Playwright's own wait_for_function from looking twice: this is a promise.
SHEET = "window.shared = new Promise((done) => { navigator.share = async (data) => done(data); });"


@pytest.fixture
def user(transactional_db: None) -> User:
    return make_user(name="Asha Rao")


@pytest.fixture
def ticket(user: User) -> Booking:
    show = make_show(movie=make_movie("Past Lives"), language="English")
    return make_booking(show, ["C4", "C5"], user=user)


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_a_ticket_is_shown_printed_noted_down_and_shared(
    page: Page, user: User, ticket: Booking, sign_in: SignIn, visitor: Visitor, screen: Screen
) -> None:
    sign_in(page, user)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/bookings/")
    page.get_by_role("link", name="Past Lives", exact=True).click()
    expect(page.get_by_role("heading", name="Booked")).to_be_visible()
    for words in ("C4", "C5", ticket.reference, ticket.show.screen.cinema.name):
        expect(page.get_by_text(words, exact=True).first).to_be_visible()
    screen.check(page)
    code = page.get_by_role("link", name="Show the QR code full screen")
    box = code.bounding_box()
    assert box
    assert box["width"] >= LEAST_CODE_PX
    code.click()
    light = page.get_by_role("dialog")
    expect(light).to_have_css("background-color", "rgb(255, 255, 255)")
    screen.check(page)
    light.get_by_role("button", name="Close").click()
    expect(light).to_be_hidden()

    pdf = page.request.get(str(page.get_by_role("link", name="PDF").get_attribute("href")))
    assert pdf.body().startswith(b"%PDF-")
    assert pdf.body().count(b"/Type /Page\n") == 1
    ics = page.request.get(str(page.get_by_role("link", name="Calendar").get_attribute("href")))
    entry = Calendar.from_ical(ics.body()).walk("VEVENT")[0]
    assert entry["summary"] == "Past Lives"
    assert entry.decoded("dtstart") == ticket.show.local_start.replace(microsecond=0)
    assert "Seats C4, C5" in str(entry["description"])

    page.get_by_role("link", name="Share").click()
    expect(page.locator("#toast")).to_contain_text("Link copied.")
    friend = visitor().new_page()
    friend.goto(page.evaluate("navigator.clipboard.readText()"))
    expect(friend.get_by_role("heading", level=1)).to_have_text("You’re invited to the cinema")
    expect(friend.get_by_text("C4, C5")).to_be_visible()
    screen.check(friend)
    for secret in (user.name, user.email, ticket.reference, "₹"):
        assert secret not in friend.content()


def test_without_javascript_the_ticket_has_its_code_its_files_and_a_link_to_copy(
    visitor: Visitor, user: User, ticket: Booking, sign_in: SignIn, screen: Screen
) -> None:
    page = visitor(java_script_enabled=False).new_page()
    sign_in(page, user)
    page.goto(ticket.get_absolute_url())
    expect(page.locator(".ticket__qr svg")).to_be_visible()
    screen.check(page)
    page.get_by_role("link", name="Share").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tell your friends")
    screen.check(page)
    page.goto(page.get_by_label("The link").input_value())
    page.get_by_role("link", name="Choose your seats").click()
    expect(page.locator("#s-C4")).to_be_disabled()


def test_on_a_phone_that_can_the_link_goes_to_its_own_sheet(
    page: Page, user: User, ticket: Booking, sign_in: SignIn
) -> None:
    sign_in(page, user)
    page.add_init_script(SHEET)
    page.goto(ticket.get_absolute_url())
    page.get_by_role("link", name="Share").click()
    shared = page.evaluate("shared")
    assert "/shared/" in shared["url"]
    assert shared["title"].startswith("Past Lives, ")


def test_from_my_bookings_a_ticket_is_added_and_a_hold_confirmed_or_let_go(
    page: Page, user: User, ticket: Booking, sign_in: SignIn, deployed_site: DeployedSite
) -> None:
    held = services.hold_seats(
        user=user, show_id=make_show(movie=make_movie("Her")).pk, labels=["A1"]
    )
    sign_in(page, user)
    page.goto("/bookings/")
    expect(page.locator("[data-countdown]")).to_have_text(
        re.compile(r"^(9|10):\d\d left to confirm$")
    )
    add = page.get_by_role("link", name="Add to calendar")
    entry = Calendar.from_ical(page.request.get(str(add.get_attribute("href"))).body())
    assert entry.walk("VEVENT")[0]["summary"] == "Past Lives"
    page.get_by_role("link", name="Confirm or release A1 for Her").click()
    expect(page).to_have_url(f"{deployed_site.url}{held.get_absolute_url()}")
    page.get_by_role("button", name="Release seats").click()
    expect(page.get_by_role("heading", name="You let these seats go")).to_be_visible()
    page.goto("/bookings/")
    expect(page.get_by_role("link", name="Confirm or release")).to_have_count(0)


def test_a_hold_that_runs_out_leaves_the_list_by_itself(
    page: Page, user: User, sign_in: SignIn
) -> None:
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    sign_in(page, user)
    page.goto("/bookings/")
    expect(page.get_by_role("heading", name="Held for you")).to_be_visible()
    lapse(held)
    # The page asks the server when its countdown ends, and on this event.
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_role("heading", name="Held for you")).to_have_count(0)
    expect(page.get_by_text("Not completed")).to_be_hidden()
    page.get_by_text("Holds that ended").click()
    expect(page.get_by_text("Not completed")).to_be_visible()
