"""Sign-up, profile, password and deletion of an account, in a real browser."""

import re
import time
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from bookings.models import Booking
from tests.support.deployed_site import DeployedSite
from tests.support.factories import make_booking, make_movie, make_show, make_user
from tests.support.screens import SMALL, SMALL_AND_LARGE, Screen
from tests.support.workers import running

pytestmark = pytest.mark.screens(SMALL)

SignIn = Callable[[Page, User], None]
PASSWORD = "marquee lights 9"
NEW_PASSWORD = "velvet curtain 7"
# The longest wait for a mail. A worker on a busy machine can be slow to start.
MAIL_WAIT_SECONDS = 120


@pytest.fixture
def user(transactional_db: None) -> User:
    return make_user("asha@example.com", PASSWORD)


def log_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def reset_link(mail: Path, email: str) -> str:
    """Wait for the password-reset mail to this address. Return the path of its link.

    Raises AssertionError if no mail comes within MAIL_WAIT_SECONDS.
    """
    deadline = time.monotonic() + MAIL_WAIT_SECONDS
    while time.monotonic() < deadline:
        for file in mail.glob("*"):
            message = message_from_bytes(file.read_bytes())
            found = re.search(r"/accounts/password-reset/[\w-]+/[\w-]+/", plain_text(message))
            if message["To"] == email and found:
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"no password-reset mail to {email} in {mail}")


def plain_text(message: Message) -> str:
    """The text/plain part of the mail, or "" if it has none."""
    for part in message.walk():
        body = part.get_payload(decode=True)
        if part.get_content_type() == "text/plain" and isinstance(body, bytes):
            return body.decode()
    return ""


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_sign_up_shows_an_error_when_a_field_loses_focus(page: Page, screen: Screen) -> None:
    page.goto("/accounts/signup/")
    email = page.get_by_label("Email")
    email.fill("asha@")
    page.get_by_label("Password", exact=True).focus()
    expect(page.locator("#id_email_error")).to_contain_text("Write an email address")
    expect(email).to_have_attribute("aria-invalid", "true")
    screen.check(page)
    email.fill("asha@example.com")
    page.get_by_label("Your name").fill("Asha Rao")
    expect(page.locator("#id_email_error")).to_be_empty()
    page.get_by_label("Password", exact=True).fill("marquee lights 9")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_text("Welcome, Asha.")).to_be_visible()
    page.locator("[data-menu] summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()


def test_sign_up_with_a_known_email_links_to_a_log_in_form_with_that_email(
    page: Page, user: User
) -> None:
    show = make_show()
    page.goto(f"/accounts/signup/?next={show.get_absolute_url()}")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Your name").focus()
    page.get_by_role("link", name="Log in instead").click()
    expect(page.get_by_label("Email")).to_have_value(user.email)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page).to_have_url(show.get_absolute_url())


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_an_account_can_be_changed_exported_and_deleted(
    page: Page, user: User, sign_in: SignIn, screen: Screen
) -> None:
    booking = make_booking(make_show(movie=make_movie("Past Lives")), ["C4"], user=user)
    sign_in(page, user)
    page.goto("/accounts/profile/")
    page.get_by_label("Phone").fill("not a number")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#id_phone_error")).to_contain_text("Write a phone number")
    screen.check(page)
    page.get_by_label("Phone").fill("+91 98200 12345")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your details are saved.")).to_be_visible()

    page.get_by_role("link", name="Change the password").click()
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW_PASSWORD)
    screen.check(page)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download my data").click()
    exported = download.value.path().read_text()
    assert booking.reference in exported
    assert "+91 98200 12345" in exported

    page.get_by_role("link", name="Delete my account").click()
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator("#id_password_error")).to_contain_text("That isn’t your password.")
    screen.check(page)
    page.get_by_label("Your password now").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account is closed")).to_be_visible()
    # The booking stays, but the personal data of its user is removed.
    remaining = Booking.objects.select_related("user").get()
    assert remaining.reference == booking.reference
    owner = remaining.user
    assert "asha" not in f"{owner.email} {owner.name} {owner.phone}".lower()
    page.goto("/accounts/login/")
    log_in(page, "asha@example.com", NEW_PASSWORD)
    expect(page.get_by_text("That email and password don’t go together.")).to_be_visible()


def test_a_mailed_link_resets_a_forgotten_password_and_works_once(
    page: Page, user: User, deployed_site: DeployedSite, screen: Screen
) -> None:
    # Delete the mails of earlier tests.
    for file in deployed_site.mail.glob("*"):
        file.unlink()
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    expect(page).to_have_url(re.compile("/accounts/password-reset/$"))
    page.get_by_label("Email").fill(user.email)
    screen.check(page)
    # The task is dropped if no worker takes it soon, and then the mail waits for beat.
    with running(deployed_site.mail.parent, "worker"):
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Look in your mail")).to_be_visible()
        link = reset_link(deployed_site.mail, user.email)
    screen.check(page)
    page.goto(link)
    page.get_by_label("New password").fill(NEW_PASSWORD)
    screen.check(page)
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("heading", name="That’s your new password")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This link has had its day")).to_be_visible()
    page.goto("/accounts/login/")
    log_in(page, user.email, NEW_PASSWORD)
    expect(page.locator("[data-menu]")).to_be_visible()


def test_a_button_shows_the_typed_password(page: Page) -> None:
    page.goto("/accounts/login/")
    field = page.get_by_label("Password", exact=True)
    field.fill(PASSWORD)
    expect(field).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show the password").click()
    expect(field).to_have_attribute("type", "text")


def test_logging_out_other_devices_keeps_this_one_logged_in(
    page: Page, user: User, sign_in: SignIn, visitor: Callable[..., BrowserContext]
) -> None:
    sign_in(page, user)
    other = visitor().new_page()
    sign_in(other, user)
    other.goto("/accounts/profile/")
    page.goto("/accounts/profile/")
    page.get_by_role("button", name="Log out others").click()
    expect(page.get_by_text("Every other device and app was logged out.")).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Please log in.")).to_be_visible()
