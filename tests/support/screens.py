"""The screens of browser tests: small and large, in the light and the dark theme."""

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page, ViewportSize, expect

Theme = Literal["dark", "light"]
GROUNDS: dict[Theme, str] = {"dark": "rgb(14, 11, 18)", "light": "rgb(251, 248, 245)"}
OTHER: dict[Theme, Theme] = {"dark": "light", "light": "dark"}
HEIGHTS = {360: 740, 1280: 800}


@dataclass(frozen=True)
class Screen:
    width: Literal[360, 1280]
    theme: Theme

    def __str__(self) -> str:
        return f"{self.width}-{self.theme}"

    @property
    def viewport(self) -> ViewportSize:
        return {"width": self.width, "height": HEIGHTS[self.width]}

    def check(self, page: Page) -> None:
        """Assert that the page follows the theme and is not wider than the screen.

        Both themes are checked. At the end the page has the screen's theme.
        """
        page.wait_for_load_state()
        for theme in (self.theme, OTHER[self.theme], self.theme):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_css("background-color", GROUNDS[theme])
            assert page.evaluate("document.documentElement.scrollWidth") <= self.width, page.url


SMALL = Screen(360, "light")
LARGE_LIGHT = Screen(1280, "light")
SMALL_AND_LARGE = (SMALL, Screen(1280, "dark"))
EVERY_SCREEN = (*SMALL_AND_LARGE, Screen(360, "dark"), LARGE_LIGHT)
