"""Saved tickets are dropped when they must be: log-out, another person, the end of the show."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from bookings import services
from bookings.models import Booking
from tests.support.browser import PATIENCE_MS
from tests.support.factories import make_booking, make_guest, make_movie, make_show, make_user
from tests.support.phone import SAVED_BY_NOW, Phone

pytestmark = pytest.mark.django_db(transaction=True)

TICKETS_ARE_GONE = """async (patience) => {
  const kept = async () => (await caches.keys()).some((name) => name.startsWith("tickets-"));
  const end = Date.now() + patience;
  while ((await kept()) && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  return !(await kept());
}"""
# The index of the saved tickets, with a show that has just ended.
END_OF_SHOW = """async () => {
  const name = (await caches.keys()).find((name) => name.startsWith("tickets-"));
  const cache = await caches.open(name);
  const index = await (await cache.match("/bookings/to-save/")).json();
  index.tickets[0].until = new Date().toISOString();
  await cache.put("/bookings/to-save/", new Response(JSON.stringify(index)));
}"""


@pytest.fixture
def user() -> User:
    return make_user(name="Asha Rao")


@pytest.fixture
def ticket(user: User) -> Booking:
    show = make_show(movie=make_movie("Past Lives"), language="English")
    return make_booking(show, ["C4", "C5"], user=user)


def log_out(page: Page) -> None:
    page.locator("summary", has_text="Your account").click()
    page.get_by_role("button", name="Log out").click()


def test_log_out_drops_the_tickets(phone: Phone, user: User, ticket: Booking) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    log_out(phone.page)
    expect(phone.page.get_by_role("link", name="Log in").first).to_be_visible()
    assert not [name for name in phone.cached() if name.startswith("tickets")]
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_role("heading", name="The line went quiet.")).to_be_visible()


def test_a_log_out_that_the_network_swallows_drops_them_too(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.cut()
    log_out(phone.page)
    expect(phone.page.get_by_role("heading", name="Not finished yet.")).to_be_visible()
    assert not [name for name in phone.cached() if name.startswith("tickets")]
    phone.restart()
    phone.page.goto("/")
    expect(phone.page.get_by_role("heading", name="The line went quiet.")).to_be_visible()


def test_a_guest_keeps_tickets_too_until_the_browser_forgets_them(phone: Phone) -> None:
    guest = make_guest(name="Ravi", phone="+919876543210")
    ticket = make_booking(make_show(), ["A1"], user=guest)
    phone.log_in(guest)
    phone.open_and_save(ticket)
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.locator(".ticket__qr svg")).to_be_visible()
    phone.line.restore()
    phone.page.goto("/bookings/")
    assert phone.page.evaluate(SAVED_BY_NOW) == [ticket.reference]
    phone.line.cut()
    phone.page.get_by_role("button", name="Forget my bookings here").click()
    expect(phone.page.get_by_role("heading", name="Not finished yet.")).to_be_visible()
    assert not [name for name in phone.cached() if name.startswith("tickets")]


def test_a_log_out_from_a_page_without_its_worker_drops_them_too(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    # As a reload with Shift: the worker sees neither this page nor what it sends.
    session = phone.context.new_cdp_session(phone.page)
    with phone.page.expect_navigation():
        session.send("Page.reload", {"ignoreCache": True})
    assert phone.page.evaluate("navigator.serviceWorker.controller") is None
    log_out(phone.page)
    expect(phone.page.get_by_role("link", name="Log in").first).to_be_visible()
    assert phone.page.evaluate(TICKETS_ARE_GONE, PATIENCE_MS)


# The second leads to the log-in, and the answer that ends the session is a redirect.
@pytest.mark.parametrize("address", ["/", "/bookings/"])
def test_a_log_out_on_another_device_drops_them_at_the_next_page(
    phone: Phone, user: User, ticket: Booking, address: str
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    user.set_password("another good one 7")
    user.save()
    phone.page.goto(address)
    assert phone.page.evaluate(TICKETS_ARE_GONE, PATIENCE_MS)


def test_another_person_never_sees_the_tickets_of_the_one_before(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    # The session ran out: the browser sends none. The ticket stays for its owner.
    phone.context.clear_cookies()
    phone.page.goto("/")
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.locator(".ticket__qr svg")).to_be_visible()
    phone.line.restore()
    phone.log_in(make_user("other@example.com"))
    phone.page.goto("/")
    assert phone.page.evaluate(SAVED_BY_NOW) == []
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_role("heading", name="The line went quiet.")).to_be_visible()
    assert not [name for name in phone.cached() if ticket.reference in name]


def test_after_the_show_the_ticket_is_dropped(phone: Phone, user: User, ticket: Booking) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.cut()
    phone.page.goto("/")
    expect(phone.page.get_by_role("heading", name="Your tickets are here.")).to_be_visible()
    phone.line.restore()
    show = ticket.show
    show.starts_at, show.ends_at = (timezone.now() - timedelta(hours=n) for n in (3, 1))
    show.save()
    phone.page.goto("/bookings/")
    assert phone.page.evaluate(SAVED_BY_NOW) == []
    assert not [name for name in phone.cached() if ticket.reference in name]


def test_a_show_that_ends_while_the_network_is_away_takes_its_ticket_along(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.page.evaluate(END_OF_SHOW)
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_role("heading", name="The line went quiet.")).to_be_visible()
    assert not [name for name in phone.cached() if ticket.reference in name]


def test_a_cancelled_ticket_and_a_moved_show_are_right_after_the_next_page(
    phone: Phone, user: User, ticket: Booking
) -> None:
    other = make_booking(make_show(movie=make_movie("Her")), ["A1"], user=user)
    phone.log_in(user)
    phone.open_and_save(ticket)
    services.cancel_booking(user=user, reference=other.reference)
    show = ticket.show
    for name in ("starts_at", "ends_at", "busy_until"):
        setattr(show, name, getattr(show, name) + timedelta(days=1))
    show.save()
    phone.page.goto("/bookings/")
    assert phone.page.evaluate(SAVED_BY_NOW) == [ticket.reference]
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    moved = show.local_start.isoformat()
    expect(phone.page.locator(f'time[datetime="{moved}"]')).to_be_visible()
    phone.page.goto(other.get_absolute_url())
    expect(phone.page.get_by_role("heading", name="Your tickets are here.")).to_be_visible()
    expect(phone.page.get_by_role("link", name="Her", exact=True)).to_have_count(0)
