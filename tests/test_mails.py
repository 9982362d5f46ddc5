"""What holds for every mail: both parts, lines that can be read, nothing that must be loaded."""

import re

import pytest

from bookmyshow.core.mail import LONGEST_LINE, compose_mail
from tests.support.mail_samples import TITLE, context, templates_of_mails
from tests.support.mails import as_received, html_of

LEFTOVERS = re.compile(r"</?[a-z]+[ >/]|&[a-z]+;|&#|\{[{%]|None\b")


@pytest.mark.parametrize("template", templates_of_mails())
def test_every_mail_reads_well_as_text_and_as_html(template: str) -> None:
    mail = compose_mail(template, context())
    text = str(mail.body)
    assert mail.subject.strip()
    assert not LEFTOVERS.search(text.replace("<noor@example.com>", "")), text
    long = [line for line in text.splitlines() if len(line) > LONGEST_LINE]
    assert all(line.startswith("http") for line in long), long
    assert "\n\n\n" not in text
    assert "\n-- \nBookMyShow" in text

    html = html_of(mail)
    for word in ("color-scheme", "prefers-color-scheme: dark", "supported-color-schemes"):
        assert word in html
    assert not re.search(r"<(img|script|link|iframe|form)\b|url\(", html), "nothing is loaded"
    links = re.findall(r'href="([^"]*)"', html)
    assert links
    assert all(link.startswith(("http://", "https://")) for link in links), links
    parts = as_received(mail).iter_parts()
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]


def test_the_mail_of_a_ticket_is_among_them() -> None:
    assert "bookings/mail/booking_confirmed" in templates_of_mails()
    assert len(TITLE) > LONGEST_LINE
