"""A phone whose browser keeps its profile (the fixture `phone` of the browser tests)."""

from pathlib import Path

from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    BrowserContext,
    Page,
    Playwright,
    ViewportSize,
    expect,
)

from accounts.guests.session import GUEST
from accounts.models import User
from bookings.models import Booking
from tests.support.browser import PATIENCE_MS, chromium_options
from tests.support.line import Line

PHONE: ViewportSize = {"width": 360, "height": 740}
# JavaScript of the page, and of its worker.
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
