"""Tickets without a network: saved, shown after a restart, and dropped when they must be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import (
    BrowserContext,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)

from accounts.models import User
from bookings.models import Booking
from tests.support.browser import PATIENCE_MS, chromium_options
from tests.support.factories import make_booking, make_movie, make_show, make_user
from tests.support.line import Line
from tests.support.live_site import LiveSite

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
        client = Client()
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
