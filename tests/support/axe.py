"""Looks for accessibility problems with axe."""

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe().axe_script
# Buttons fade from one theme's colours to the other's; some animations never end.
COLOURS_CHANGED = """async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const ending = document
        .getAnimations()
        .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((animation) => animation.finished));
}"""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def violations(page: Page) -> list[str]:
    """The violations that axe finds in both themes. The page is loaded once."""
    problems = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.evaluate(COLOURS_CHANGED)
        # In one go, for a page may reload itself between two.
        report = page.evaluate(f"{AXE}\naxe.run({{ resultTypes: ['violations'] }})")
        problems += [
            f"{page.url} {theme}: {found['id']} at {[node['target'] for node in found['nodes']]}"
            for found in report["violations"]
        ]
    return problems
