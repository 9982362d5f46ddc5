"""The frame of every mail, and its plain text."""

from email import message_from_bytes, policy

import pytest

from bookmyshow.core.mail import LONGEST_LINE, LONGEST_SUBJECT, compose_mail, one_line, wrapped

LINK = f"https://tickets.example/accounts/{'x' * 120}/"
MAIL = "accounts/mail/account_changed"


def test_a_subject_is_one_line_and_adds_no_header() -> None:
    assert one_line("A film\r\nBcc: spy@example.com\n") == "A film Bcc: spy@example.com"
    assert len(one_line("long " * 100)) <= LONGEST_SUBJECT


def test_text_is_wrapped_but_links_and_the_mark_of_a_signature_are_kept() -> None:
    text = wrapped(f"\n{'word ' * 40}\n\n\n\n{LINK}\n\n-- \nBookMyShow\n")
    lines = text.splitlines()
    assert LINK in lines
    assert "-- " in lines
    assert max(len(line) for line in lines if line != LINK) <= LONGEST_LINE
    assert "\n\n\n" not in text


@pytest.mark.parametrize("by", ["Tom & Jerry <b>", 'O’Neil "Bob"'])
def test_text_is_not_escaped_for_html_and_html_is(by: str) -> None:
    mail = compose_mail(MAIL, {"changed_at": "today", "by": by, "what": "name"}, to="a@example.com")
    html = str(mail.alternatives[0][0])
    assert by in " ".join(mail.body.split())
    assert "<b>" not in html
    assert "&amp;" in html or "&" not in by


def test_rules_are_written_into_the_elements_and_the_dark_ones_stay_in_the_head() -> None:
    html = str(compose_mail(MAIL, {}, to="a@example.com").alternatives[0][0])
    assert 'class="card" style="' in html
    assert html.count("<style") == 1
    assert "@media (prefers-color-scheme: dark)" in html
    assert "color-scheme" in html


def test_a_mail_has_both_parts_and_can_be_written_as_bytes() -> None:
    mail = compose_mail(MAIL, {"by": "Zoë\nBcc: spy@example.com"}, to="a@example.com")
    read = message_from_bytes(mail.message().as_bytes(), policy=policy.default)
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert read["Bcc"] is None
