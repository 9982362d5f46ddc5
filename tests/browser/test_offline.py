"""Tickets without a network: saved, shown after a restart, and dropped when they must be."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import (
    BrowserContext,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)

from accounts.guests.session import GUEST
from accounts.models import User
from bookings import services
from bookings.models import Booking
from tests.support.axe import violations
from tests.support.browser import PATIENCE_MS, chromium_options
from tests.support.factories import make_booking, make_guest, make_movie, make_show, make_user
from tests.support.line import Line
from tests.support.live_site import LiveSite
from tests.support.money import make_paid_booking

pytestmark = pytest.mark.django_db(transaction=True)

PHONE: ViewportSize = {"width": 360, "height": 740}
# Of the page, and of its worker.
CACHED = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const { url } of await (await caches.open(name)).keys()) {
      found.push(name.split("-")[0] + " " + new URL(url).pathname);
    }
  }
  return found;
}"""
UNDER_THE_WORKER = """async () => {
  const { serviceWorker } = navigator;
  if (!serviceWorker.controller) {
    await new Promise((done) => serviceWorker.addEventListener("controllerchange", done));
  }
}"""
# The worker answers when all that was asked of it before is done.
SAVED_BY_NOW = """() => new Promise((done) => {
  const { serviceWorker } = navigator;
  const heard = ({ data }) => data.type === "tickets-saved" && done(Object.keys(data.saved));
  serviceWorker.addEventListener("message", heard);
  serviceWorker.ready.then(({ active }) => active.postMessage({ type: "save-tickets" }));
})"""
TICKETS_ARE_GONE = """async () => {
  const kept = async () => (await caches.keys()).some((name) => name.startsWith("tickets-"));
  while (await kept()) await new Promise((done) => setTimeout(done, 50));
}"""

# The index of the saved tickets, with a show that has just ended.
END_OF_SHOW = """async () => {
  const name = (await caches.keys()).find((name) => name.startsWith("tickets-"));
  const cache = await caches.open(name);
  const index = await (await cache.match("/bookings/to-save/")).json();
  index.tickets[0].until = new Date().toISOString();
  await cache.put("/bookings/to-save/", new Response(JSON.stringify(index)));
}"""
# What earlier releases have left: their files, and tickets in a form that is not read any more.
EARLIER_RELEASE = """async () => {
  for (const name of ["offline-earlier", "tickets-0-someone"]) await caches.open(name);
}"""


class Phone:
    """A browser whose profile is kept, and its connection to the site."""

    def __init__(self, playwright: Playwright, profile: Path, line: Line) -> None:
        self._playwright, self._profile, self.line = playwright, profile, line
        self.context: BrowserContext
        self.page: Page
        self.start()

    def start(self) -> None:
        self.context = self._playwright.chromium.launch_persistent_context(
            self._profile,
            base_url=self.line.url,
            viewport=PHONE,
            locale="en-GB",
            **chromium_options(self._playwright),
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.pages[0]

    def restart(self) -> None:
        self.context.close()
        self.start()

    def log_in(self, user: User) -> None:
        """Give the browser a session of this person, account or guest."""
        client = Client()
        if user.is_guest:
            session = client.session
            session[GUEST] = user.pk
            session.save()
        else:
            client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        self.context.add_cookies([{"name": name, "value": value, "url": self.line.url}])

    def open_and_save(self, ticket: Booking) -> None:
        """Open the ticket's page once, and wait until it says that it is saved."""
        self.page.goto(ticket.get_absolute_url())
        expect(self.page.get_by_text("on this device. It opens here")).to_be_visible()

    def cached(self) -> list[str]:
        found: list[str] = self.page.evaluate(CACHED)
        return found


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def phone(playwright: Playwright, live_site: LiveSite, tmp_path: Path) -> Iterator[Phone]:
    line = Line(live_site.url)
    phone = Phone(playwright, tmp_path / "profile", line)
    yield phone
    phone.context.close()
    line.cut()


@pytest.fixture
def user() -> User:
    return make_user(name="Asha Rao")


@pytest.fixture
def ticket(user: User) -> Booking:
    show = make_show(movie=make_movie("Past Lives"), language="English")
    return make_booking(show, ["C4", "C5"], user=user)


def test_a_ticket_opened_once_is_there_without_a_network_after_a_restart(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.cut()
    phone.restart()
    page = phone.page
    # The icon on the home screen opens this address.
    page.goto("/")
    expect(page.get_by_role("heading", name="Your tickets are here.")).to_be_visible()
    expect(page.get_by_text("Saved ", exact=False).first).to_be_visible()
    page.get_by_role("link", name="Past Lives", exact=True).click()
    expect(page).to_have_url(f"{phone.line.url}{ticket.get_absolute_url()}")
    expect(page.get_by_text("The site can’t be reached")).to_contain_text("Saved ")
    for words in ("C4", "C5", ticket.reference, ticket.show.screen.cinema.name):
        expect(page.get_by_text(words, exact=True).first).to_be_visible()
    code = page.locator(".ticket__qr svg")
    expect(code).to_be_visible()
    expect(page.locator("html")).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    page.get_by_role("link", name="Show the QR code full screen").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    assert page.locator("form[method=post]").count() == 0
    pdf = page.evaluate(
        "async (address) => (await (await fetch(address)).text()).slice(0, 5)",
        reverse("bookings:pdf", args=[ticket.reference]),
    )
    assert pdf == "%PDF-"


def test_the_pdf_opens_without_a_network(phone: Phone, user: User, ticket: Booking) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.cut()
    page = phone.page
    page.goto(ticket.get_absolute_url())
    with page.expect_response(lambda response: response.url.endswith("ticket.pdf")) as answer:
        page.get_by_role("link", name="PDF").click()
    assert answer.value.from_service_worker
    assert (answer.value.status, answer.value.headers["content-type"]) == (200, "application/pdf")


def test_a_ticket_just_bought_is_saved_without_opening_it_again(phone: Phone, user: User) -> None:
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    phone.log_in(user)
    page = phone.page
    page.goto(held.get_absolute_url())
    page.get_by_role("button", name="Confirm, pay").click()
    expect(page.get_by_text("on this device. It opens here")).to_be_visible()
    phone.line.cut()
    page.goto(held.get_absolute_url())
    expect(page.get_by_text("The site can’t be reached")).to_be_visible()
    expect(page.locator(".ticket__qr svg")).to_be_visible()


def test_any_page_of_a_person_saves_and_refreshes_the_tickets(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.page.goto("/")
    phone.page.evaluate(UNDER_THE_WORKER)
    phone.page.goto("/")
    assert phone.page.evaluate(SAVED_BY_NOW) == [ticket.reference]


def test_without_an_answer_in_time_the_saved_ticket_is_shown(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.hang()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_text("The site can’t be reached")).to_be_visible()


def test_an_error_of_the_site_does_not_hide_a_saved_ticket(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.fail()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_text("The site can’t be reached")).to_be_visible()
    phone.line.restore()
    phone.page.get_by_role("link", name="Look for the current ticket").click()
    expect(phone.page.get_by_role("heading", name="Booked")).to_be_visible()


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
    phone.page.evaluate(TICKETS_ARE_GONE)


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
    phone.page.evaluate(TICKETS_ARE_GONE)


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


def test_nothing_of_other_pages_is_kept(phone: Phone, user: User, ticket: Booking) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    for address in ("/", f"/shows/{ticket.show_id}/", "/accounts/profile/", "/bookings/"):
        phone.page.goto(address)
    phone.page.evaluate(SAVED_BY_NOW)
    kept = {name.partition(" ")[2] for name in phone.cached()}
    of_ticket = {"", "ticket.pdf", "qr.svg"}
    allowed = {f"{ticket.get_absolute_url()}{part}" for part in of_ticket}
    allowed |= {"/bookings/to-save/", "/offline/"}
    assert allowed <= kept
    others = [p for p in kept - allowed if not p.startswith("/static/") and "poster" not in p]
    assert others == []


def test_a_new_release_keeps_the_tickets(phone: Phone, user: User, ticket: Booking) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.page.evaluate(EARLIER_RELEASE)
    # The browser starts the new worker's life again, as with a changed /sw.js.
    phone.page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.unregister())")
    phone.page.goto("/bookings/")
    phone.page.evaluate(UNDER_THE_WORKER)
    names = phone.page.evaluate("caches.keys()")
    assert "offline-earlier" not in names
    assert "tickets-0-someone" not in names
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.locator(".ticket__qr svg")).to_be_visible()


def test_a_full_device_is_said_and_harms_nothing(phone: Phone, user: User, ticket: Booking) -> None:
    phone.page.goto("/")
    phone.page.evaluate(UNDER_THE_WORKER)
    phone.log_in(user)
    quota = {"origin": phone.line.url, "quotaSize": 1}
    phone.context.new_cdp_session(phone.page).send("Storage.overrideQuotaForOrigin", quota)
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_text("This device couldn’t save the ticket.")).to_be_visible()
    expect(phone.page.locator(".ticket__qr svg")).to_be_visible()
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_role("heading", name="The line went quiet.")).to_be_visible()


def test_the_pages_without_a_network_are_accessible_and_fit(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.page.emulate_media(reduced_motion="reduce")
    problems = violations(phone.page)
    phone.line.cut()
    for address in ("/", ticket.get_absolute_url(), "/door/1/"):
        phone.page.goto(address)
        problems += violations(phone.page)
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert problems == []


def test_the_site_can_be_installed(phone: Phone, user: User) -> None:
    phone.page.goto("/")
    phone.page.evaluate(UNDER_THE_WORKER)
    session = phone.context.new_cdp_session(phone.page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/manifest.webmanifest")
    found = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert found == []


def test_the_door_says_that_it_is_offline_and_when_it_is_back(phone: Phone) -> None:
    booking = make_paid_booking(make_show(), ["A1", "A2"])
    phone.log_in(User.objects.create_superuser("door@example.com", name="Noor"))
    page = phone.page
    page.clock.install()
    page.goto(reverse("bookings:door-show", args=[booking.show_id]))
    page.evaluate(UNDER_THE_WORKER)
    warning = page.get_by_role("alert").filter(has_text="Offline: tickets")
    expect(warning).to_be_hidden()
    phone.line.cut()
    page.clock.run_for(11_000)
    expect(warning).to_be_visible()
    expect(page.locator("#toast")).to_be_hidden()
    check(page, booking)
    expect(page.get_by_role("heading", name="Not checked")).to_be_visible()
    phone.line.restore()
    # The browser's own news that it is online is not believed before the site answers.
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(warning).to_be_hidden()
    expect(page.get_by_text("Online again.")).to_be_visible()
    check(page, booking)
    expect(page.get_by_role("heading", name="Valid")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(warning).to_be_visible()
    expect(page.locator("#toast")).to_be_hidden()


def test_the_page_of_a_network_is_no_answer_at_the_door(phone: Phone) -> None:
    show = make_show()
    phone.log_in(User.objects.create_superuser("door@example.com", name="Noor"))
    page = phone.page
    page.clock.install()
    page.goto(reverse("bookings:door-show", args=[show.pk]))
    page.context.route("**/count/", lambda route: route.fulfill(body="<p>Welcome to the Wi-Fi"))
    page.clock.run_for(11_000)
    expect(page.get_by_role("alert").filter(has_text="Offline")).to_be_visible()
    expect(page.get_by_text("Welcome to the Wi-Fi")).to_have_count(0)


def test_the_door_opened_without_a_network_says_what_to_do(phone: Phone) -> None:
    show = make_show()
    phone.log_in(User.objects.create_superuser("door@example.com", name="Noor"))
    phone.page.goto("/door/")
    phone.page.evaluate(UNDER_THE_WORKER)
    phone.line.cut()
    phone.page.goto(reverse("bookings:door-show", args=[show.pk]))
    expect(phone.page.get_by_role("heading", name="The door is offline.")).to_be_visible()
    expect(phone.page.get_by_text("Write down the reference")).to_be_visible()


def check(page: Page, booking: Booking) -> None:
    page.get_by_label("Reference").fill(booking.reference)
    page.get_by_role("button", name="Check").click()
