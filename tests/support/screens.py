"""The screens that browser tests look at: a small and a large one, by day and by night."""

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page, ViewportSize, expect

GROUNDS = {"dark": "rgb(14, 11, 18)", "light": "rgb(251, 248, 245)"}
HEIGHTS = {360: 740, 1280: 800}


@dataclass(frozen=True)
class Screen:
    width: Literal[360, 1280]
    theme: Literal["dark", "light"]

    def __str__(self) -> str:
        return f"{self.width}-{self.theme}"

    @property
    def viewport(self) -> ViewportSize:
        return {"width": self.width, "height": HEIGHTS[self.width]}

    def check(self, page: Page) -> None:
        """Assert that the page is in the screen's theme and no wider than the screen."""
        page.wait_for_load_state()
        expect(page.locator("html")).to_have_css("background-color", GROUNDS[self.theme])
        assert page.evaluate("document.documentElement.scrollWidth") <= self.width, page.url


LARGE_LIGHT = Screen(1280, "light")
SMALL_AND_LARGE = (Screen(360, "light"), Screen(1280, "dark"))
EVERY_SCREEN = (*SMALL_AND_LARGE, Screen(360, "dark"), LARGE_LIGHT)
