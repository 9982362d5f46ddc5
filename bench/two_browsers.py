"""Measures the live seat map between two browsers, from a click in one to the other's screen.

A buyer holds seats and releases them, with the page's own buttons. The time begins with the click.
It ends when the viewer's browser has drawn the changed seat. Then the process that pushes seat maps
is killed, and the viewer's page has only its poll.
"""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from bench.data import Filler, World
from bench.report import Report
from bench.sites import Database, Site, serve
from bench.watchers import Live, pushing
from tests.support.browser import launch_chromium

#: Each round is two changes: a hold and its release.
ROUNDS, WARM_UP, KILLS = 60, 5, 3
SEATS = 300
STREAMS = "**/live/shows/**"
# When the buyer pressed a button. It must survive the page.
NOTE_CLICKS = """
addEventListener("click", (event) => {
  if (!event.target.closest("button")) return;
  localStorage.setItem("clicked", performance.timeOrigin + event.timeStamp);
}, true);
"""
# When the seat has changed and the browser has drawn it: a message comes after the next frame.
WATCH_SEAT = """(label) => {
  window.drawn = new Promise((done) => {
    const now = () => done(performance.timeOrigin + performance.now());
    const seat = document.getElementById(`s-${label}`);
    new MutationObserver((_changes, observer) => {
      observer.disconnect();
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = now;
        channel.port2.postMessage("");
      });
    }).observe(seat, { attributes: true, attributeFilter: ["class"] });
  });
}"""


class Screens:
    """The pages of a buyer and of a viewer, both at the seat map of a show."""

    def __init__(self, browser: Browser, site: Site, session: str, show: int) -> None:
        self.address = f"{site.url}/shows/{show}/"
        buyer = browser.new_context(reduced_motion="reduce")
        buyer.add_cookies([{"name": "sessionid", "value": session, "url": site.url}])
        buyer.add_init_script(NOTE_CLICKS)
        self.buyer: Page = buyer.new_page()
        self.viewer: Page = browser.new_context().new_page()
        with self.viewer.expect_response(STREAMS):
            self.viewer.goto(self.address)

    def hold(self, label: str) -> float:
        """The buyer holds a seat. Returns the milliseconds until the viewer sees it."""
        self.buyer.goto(self.address)
        self.buyer.locator(f"#s-{label}").check()
        return self._press("Continue", label)

    def release(self, label: str) -> float:
        """The buyer, at the checkout, releases the seat."""
        return self._press("Release seats", label)

    def _press(self, button: str, label: str) -> float:
        self.viewer.evaluate(WATCH_SEAT, label)
        with self.buyer.expect_navigation():
            self.buyer.get_by_role("button", name=button).click()
        clicked = float(self.buyer.evaluate("localStorage.getItem('clicked')"))
        return float(self.viewer.evaluate("window.drawn")) - clicked


@contextmanager
def screens(site: Site, session: str, show: int) -> Iterator[Screens]:
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        try:
            yield Screens(browser, site, session, show)
        finally:
            browser.close()


def browsers(report: Report, people: World, filler: Filler, database: Database) -> None:
    """Run both measurements on a show of SEATS seats."""
    report.section(f"Live seat map between two browsers, {2 * ROUNDS} changes")
    (show,) = filler.shows(1, SEATS)
    with ExitStack() as running:
        live = running.enter_context(pushing(database.environment))
        site = running.enter_context(
            serve("bookmyshow.wsgi", database, LIVE_URL=f":{live.port}/live/")
        )
        both = running.enter_context(screens(site, people.sessions[0], show))
        pushed(report, both)
        polled(report, both, live)


def pushed(report: Report, both: Screens) -> None:
    took: list[float] = []
    for number in range(WARM_UP + ROUNDS):
        label = f"R{1 + number // 25}-{1 + number % 25}"
        changes = [both.hold(label), both.release(label)]
        took += changes if number >= WARM_UP else []
    took.sort()
    p50, p95 = (took[int(len(took) * share)] for share in (0.5, 0.95))
    report.raw["two browsers, ms"] = took
    measured = f"p50 {p50:.0f}, p95 {p95:.0f}, longest {took[-1]:.0f}"
    report.at_most("click → the other's screen, p95, ms", measured, p95, 100)


def polled(report: Report, both: Screens, live: Live) -> None:
    took: list[float] = []
    for number in range(KILLS):
        live.end(signal.SIGKILL).wait()
        took.append(both.hold(f"R12-{1 + number}") / 1000)
        with both.viewer.expect_response(STREAMS, timeout=120_000):
            live.start()
        both.release(f"R12-{1 + number}")
    measured = f"{max(took):.1f}; it came back to the stream each time"
    report.at_most("process killed → the other's screen, s", measured, max(took), 10)
