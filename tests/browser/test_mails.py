"""Every mail on a phone: nothing is wider than the screen, and dark mode is dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from bookmyshow.core.mail import compose_mail
from tests.support.mail_samples import context, templates_of_mails
from tests.support.mails import html_of

Visitor = Callable[..., BrowserContext]
COLOURS = """() => {
    const rgb = (element, name) =>
        getComputedStyle(element)[name].match(/[0-9.]+/g).slice(0, 3).map(Number);
    const light = (c) => (0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]) / 255;
    const card = document.querySelector(".card");
    return [light(rgb(document.body, "backgroundColor")), light(rgb(card, "backgroundColor")),
            light(rgb(card.querySelector("h1"), "color"))];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mails_fit_a_phone_and_keep_to_its_colour_scheme(visitor: Visitor, scheme: str) -> None:
    page = visitor(viewport={"width": 360, "height": 740}, color_scheme=scheme).new_page()
    for template in templates_of_mails():
        page.set_content(html_of(compose_mail(template, context())))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, template
        ground, card, ink = page.evaluate(COLOURS)
        if scheme == "dark":
            assert max(ground, card) < 0.2 < 0.8 < ink, template
        else:
            assert ink < 0.2 < 0.8 < min(ground, card), template
