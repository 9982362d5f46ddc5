"""Writes a mail from its templates, as plain text and HTML (docs/design.md, "Mails").

`templates/_email.html` and `_email.txt` are the frame of every mail. A mail has three templates:
`<name>_subject.txt`, `<name>.txt` and `<name>.html`.
"""

import textwrap
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template, render_to_string

if TYPE_CHECKING:
    from css_inline import CSSInliner

#: Longest line of the plain text. A link may be longer: it stays in one piece.
LONGEST_LINE = 72
#: Longest subject in letters. Mail programs show less.
LONGEST_SUBJECT = 150


def compose_mail(
    template: str, context: Mapping[str, Any], *, to: str = ""
) -> EmailMultiAlternatives:
    """The mail of the templates `<template>…`, without attachments. Changes nothing.

    Templates get `site`, the address of this site, beside `context`; the HTML also `subject`.
    Without `to` the outbox sends it to the message's recipient.
    """
    values = {"site": settings.SITE_URL, **context}
    subject = one_line(_render_text(f"{template}_subject.txt", values))
    html = render_to_string(f"{template}.html", {**values, "subject": subject})
    mail = EmailMultiAlternatives(
        subject,
        wrapped(_render_text(f"{template}.txt", values)),
        to=[to] if to else [],
    )
    mail.attach_alternative(_inliner().inline(html), "text/html")
    return mail


def add_unsubscribe(mail: EmailMultiAlternatives, link: str) -> None:
    """Give the mail a button of the mail program's own, which posts to `link` (RFC 8058)."""
    mail.extra_headers["List-Unsubscribe"] = f"<{link}>"
    mail.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def site_link(path: str) -> str:
    """The complete address of a page. It never comes from a request's host."""
    return urljoin(settings.SITE_URL, path)


def one_line(text: str) -> str:
    """A subject: one line, so that a name with line breaks can't add a header."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1].rstrip()}…"


def wrapped(text: str) -> str:
    """Plain text in lines of at most LONGEST_LINE, with at most one empty line in a row."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        # "-- " begins a signature; its space matters.
        kept = line if line == "-- " else line.rstrip()
        if kept or (lines and lines[-1]):
            lines += textwrap.wrap(
                kept,
                LONGEST_LINE,
                break_long_words=False,
                break_on_hyphens=False,
                drop_whitespace=kept != "-- ",
            ) or [""]
    return "\n".join(lines) + "\n"


def _render_text(template: str, values: Mapping[str, Any]) -> str:
    """Render plain text: nothing is escaped for HTML."""
    found: Any = get_template(template)
    text: str = found.template.render(Context(dict(values), autoescape=False))
    return text


@cache
def _inliner() -> "CSSInliner":
    """Writes the rules of <style> into the elements. It loads nothing from the network or disk."""
    # Imported here, because web workers write no mail: 2 MiB less in each.
    from css_inline import CSSInliner

    return CSSInliner(load_remote_stylesheets=False)
