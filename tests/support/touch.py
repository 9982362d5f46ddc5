"""Looks for controls that are too small for a finger."""

from playwright.sync_api import Page

# A control is measured with its label, or with the area around it that also takes the touch.
# Links inside a sentence are as small as its words, and seats have an area of their own.
TOO_SMALL = """() => {
    const FINGER = 44;
    const controls = "a[href], button, select, summary, input:not([type=hidden])";
    const looks = { visibilityProperty: true, opacityProperty: true };
    const inSentence = (each) =>
        each.matches("a, .link") &&
        each.parentElement.innerText.trim() !== each.innerText.trim() &&
        getComputedStyle(each).display === "inline" &&
        getComputedStyle(each, "::after").content === "none";
    const height = (each) => {
        const area = Number.parseFloat(getComputedStyle(each, "::after").height) || 0;
        const label = each.type === "checkbox" ? each.closest("label") : null;
        const boxes = [each, label ?? each].map((part) => part.getBoundingClientRect().height);
        return Math.max(area, ...boxes);
    };
    return [...document.querySelectorAll(controls)]
        .filter((each) => each.checkVisibility(looks))
        .filter((each) => !each.closest("#seat-map, .skip, .visually-hidden"))
        .filter((each) => !inSentence(each) && height(each) < FINGER - 0.5)
        .map((each) => `${each.outerHTML.slice(0, 120)} is ${Math.round(height(each))} px high`);
}"""


def too_small(page: Page) -> list[str]:
    """The controls on this page that are lower than 44 px."""
    return [f"{page.url}: {found}" for found in page.evaluate(TOO_SMALL)]
