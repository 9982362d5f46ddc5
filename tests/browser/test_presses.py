"""A page that changes between the press and the release of a control does not lose the click."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, Route, expect

from accounts.models import User
from tests.support.factories import make_booking, make_movie, make_screen, make_show, make_user
from tests.support.money import make_paid_booking
from tests.support.screens import SMALL

pytestmark = [
    pytest.mark.screens(SMALL),
    pytest.mark.django_db(transaction=True),
    pytest.mark.without_service_worker,
]

SignIn = Callable[[Page, User], None]
# An answer has been handed to the page, whatever htmx or our scripts do with it and when.
NOTE_ANSWERS = """
  const note = () => { document.documentElement.dataset.answered = ""; };
  addEventListener("htmx:xhr:loadend", note);
  const { text } = Response.prototype;
  Response.prototype.text = async function () {
    const read = await text.call(this);
    setTimeout(note);
    return read;
  };
"""
# As from the service worker, which tells it at any moment.
TELL_SAVED = """(reference) => navigator.serviceWorker.dispatchEvent(new MessageEvent("message", {
  data: { type: "tickets-saved", saved: { [reference]: Date.now() } },
}))"""
FINGER = {"pointerType": "touch", "isPrimary": True, "bubbles": True}


@pytest.fixture
def page(page: Page) -> Page:
    """A page whose clock stands still, so that a slow machine's press is not a long one."""
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    return page


@contextmanager
def pressed(page: Page, control: Locator) -> Iterator[None]:
    """In the block the mouse is down on this control, and nothing moves it."""
    control.hover()
    page.mouse.down()
    before = control.bounding_box()
    yield
    assert control.bounding_box() == before
    page.mouse.up()
    page.clock.resume()


@contextmanager
def late_answer(page: Page, address: str) -> Iterator[Callable[[], None]]:
    """The request to this address that the block causes is answered when the function is called."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))

    def answer() -> None:
        held[0].continue_()
        expect(page.locator("html[data-answered]")).to_be_attached()

    with page.expect_request(address):
        yield answer


def test_continue_is_heard_while_the_map_learns_that_the_show_is_sold_out(page: Page) -> None:
    show = make_show("A sss")
    page.add_init_script(NOTE_ANSWERS)
    page.goto(show.get_absolute_url())
    page.locator("#s-A1").check()
    make_booking(show, ["A1", "A2", "A3"])
    with late_answer(page, "**/seats/?v=*") as answer:
        page.evaluate("htmx.trigger('#seat-map', 'refresh')")
    with pressed(page, page.get_by_role("button", name="Continue")):
        answer()
    expect(page.get_by_role("alert")).to_contain_text("Seat A1 is no longer free")
    expect(page.get_by_role("link", name="Other times", exact=True)).to_be_visible()


def test_a_film_is_opened_while_the_answer_to_the_search_replaces_the_list(page: Page) -> None:
    for title in ("Perfect Days", "Past Lives"):
        make_show(movie=make_movie(title))
    page.add_init_script(NOTE_ANSWERS)
    page.goto("/")
    with late_answer(page, "**/?q=perfect*") as answer:
        page.get_by_role("searchbox").first.fill("perfect")
        page.clock.run_for(300)
    with pressed(page, page.locator("#results").get_by_role("link", name="Past Lives")):
        answer()
    expect(page.get_by_role("heading", level=1)).to_have_text("Past Lives")


def test_a_plan_is_saved_while_its_picture_changes(page: Page, sign_in: SignIn) -> None:
    sign_in(page, User.objects.create_superuser("plans@example.com", name="Ira"))
    screen = make_screen()
    page.add_init_script(NOTE_ANSWERS)
    page.goto(reverse("admin:shows_screen_change", args=[screen.pk]))
    with late_answer(page, "**/screen/picture/") as answer:
        page.get_by_label("Seating plan:").fill("A sss")
        page.clock.run_for(250)
    with pressed(page, page.get_by_role("button", name="Save", exact=True)):
        answer()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")


def test_a_ticket_is_cancelled_while_the_page_learns_that_it_is_saved(
    page: Page, sign_in: SignIn
) -> None:
    user = make_user()
    ticket = make_booking(make_show(), ["A1"], user=user)
    sign_in(page, user)
    page.goto(ticket.get_absolute_url())
    with pressed(page, page.get_by_text("Cancel this booking")):
        page.evaluate(TELL_SAVED, ticket.reference)
    expect(page.get_by_role("button", name="Yes, cancel")).to_be_visible()
    expect(page.get_by_text("on this device. It opens here")).to_be_visible()


def test_a_ticket_is_checked_while_the_door_loses_its_connection(
    page: Page, sign_in: SignIn
) -> None:
    booking = make_paid_booking(make_show(), ["A1"])
    sign_in(page, User.objects.create_superuser("door@example.com", name="Noor"))
    page.goto(reverse("bookings:door-show", args=[booking.show_id]))
    page.get_by_label("Reference").fill(booking.reference)
    with pressed(page, page.get_by_role("button", name="Check")):
        page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.get_by_role("heading", name="Valid")).to_be_visible()


def test_a_change_waits_for_the_click_that_comes_after_a_finger_is_lifted(page: Page) -> None:
    control = sold_out_under_a_finger(page)
    told = page.get_by_role("link", name="Other times", exact=True)
    control.dispatch_event("pointerup", FINGER)
    page.clock.run_for(299)
    expect(told).to_be_hidden()
    page.clock.run_for(1)
    expect(told).to_be_visible()


def test_a_finger_that_scrolls_the_page_lets_the_change_come(page: Page) -> None:
    control = sold_out_under_a_finger(page)
    control.dispatch_event("pointercancel", FINGER)
    page.clock.run_for(1)
    expect(page.get_by_role("link", name="Other times", exact=True)).to_be_visible()


def sold_out_under_a_finger(page: Page) -> Locator:
    """A map learns that its show is sold out while a finger is on the button that is returned.

    The events are made by script: a real touch that lasts long, as on a busy machine, is no click.
    """
    show = make_show("A sss")
    page.add_init_script(NOTE_ANSWERS)
    page.goto(show.get_absolute_url())
    page.locator("#s-A1").check()
    page.clock.run_for(1)
    make_booking(show, ["A1", "A2", "A3"])
    with late_answer(page, "**/seats/?v=*") as answer:
        page.evaluate("htmx.trigger('#seat-map', 'refresh')")
    control = page.get_by_role("button", name="Continue")
    control.dispatch_event("pointerdown", FINGER)
    answer()
    expect(page.get_by_role("link", name="Other times", exact=True)).to_be_hidden()
    return control
