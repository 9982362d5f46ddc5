"""A page with a seat map and its live stream, for tests with a browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, Request, expect

from shows.models import Show

# A map as the viewer has it: its version, the words under the hall, and each seat.
READ_MAP = """() => ({
  version: document.getElementById("map-version").value,
  free: document.getElementById("hall-free").outerHTML,
  seats: [...document.querySelectorAll("#seat-map [name=seat]")].map((seat) => [
    seat.id,
    [...seat.classList].filter((name) => name !== "changed").sort().join(" "),
    seat.getAttribute("aria-label"),
    seat.disabled,
  ]),
})"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

# Counts the streams that the page has opened.
COUNT_STREAMS = """
  window.EventSource = class extends EventSource {
    constructor(address) {
      super(address);
      const { dataset } = document.documentElement;
      dataset.isOpening = "";
      this.addEventListener("error", () => { delete dataset.isOpening; });
      this.addEventListener("open", () => { dataset.streams = Number(dataset.streams ?? 0) + 1; });
    }
  };
"""


def stop_clock(page: Page) -> None:
    """From now on the page's clock moves only when the test moves it.

    So a busy machine causes no poll, and no silence of the stream.
    """
    page.clock.install(time=0)
    page.clock.pause_at(1_000)


def seat(page: Page, label: str) -> Locator:
    return page.locator(f"#s-{label}")


def announced(page: Page) -> Locator:
    return page.locator("#seat-status")


def polls_of(page: Page) -> list[str]:
    """A list that grows with each poll that the page sends from now on."""
    polls: list[str] = []

    def note(request: Request) -> None:
        if "/seats/?v=" in request.url and "/live/" not in request.url:
            polls.append(request.url)

    page.on("request", note)
    return polls


@contextmanager
def opening_a_stream(page: Page) -> Iterator[None]:
    """The block ends once the page knows that a stream is open which it asked for in it."""
    before = page.evaluate("Number(document.documentElement.dataset.streams ?? 0)")
    yield
    another = re.compile(rf"^(?!{before}$)\d+$")
    expect(page.locator("html")).to_have_attribute("data-streams", another)


def open_map(page: Page, show: Show) -> list[str]:
    """Open the map with its stream. Returns the list of its polls from now on."""
    polls = polls_of(page)
    with opening_a_stream(page):
        page.goto(show.get_absolute_url())
    polls.clear()
    return polls
