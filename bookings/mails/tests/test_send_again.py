"""The ticket is mailed again, by its owner or by staff; a form that is posted twice sends one."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.sending import send_due
from bookings import services
from bookings.models import Booking
from tests.support.factories import (
    make_booking,
    make_booking_with_mail,
    make_show,
    make_user,
)
from tests.support.mails import text_of, the_mail, written

pytestmark = pytest.mark.django_db
CONFIRMED = "booking-confirmed"


@pytest.fixture
def ticket() -> Booking:
    return make_booking(make_show(), ["A1"], user=make_user("asha@example.com"))


@pytest.fixture
def browser(ticket: Booking) -> Client:
    client = Client()
    client.force_login(ticket.user)
    return client


def press(browser: Client, ticket: Booking, form: str = "") -> Any:
    address = f"/bookings/{ticket.reference}/send-again/"
    return browser.post(address, {"form": form or str(uuid4())}, follow=True)


def form_of(page: Any) -> str:
    (form,) = set(re.findall(r'name="form" value="([0-9a-f-]{36})"', page.content.decode()))
    return str(form)


def test_the_ticket_page_sends_it_again_and_says_to_which_address(
    browser: Client, ticket: Booking
) -> None:
    page = browser.get(ticket.get_absolute_url())
    after = press(browser, ticket, form_of(page))
    assert "Your ticket is on its way to asha@example.com." in after.content.decode()
    letter = the_mail(CONFIRMED)
    assert "Your ticket, once more" in text_of(letter)
    assert send_due().sent == 1
    assert [message.to for message in mail.outbox] == [["asha@example.com"]]


def test_a_form_that_is_posted_twice_sends_one_mail(browser: Client, ticket: Booking) -> None:
    form = str(uuid4())
    for _ in range(2):
        assert press(browser, ticket, form).status_code == 200
        send_due()
    assert len(mail.outbox) == 1
    press(browser, ticket)
    send_due()
    assert len(mail.outbox) == 2, "a new page is a new wish"


def test_a_mail_that_waits_anyway_is_not_written_twice(browser: Client) -> None:
    ticket = make_booking_with_mail(make_show(), ["A1"])
    browser.force_login(ticket.user)
    press(browser, ticket)
    assert len(written(CONFIRMED)) == 1


def test_it_is_limited(browser: Client, ticket: Booking, settings: Any) -> None:
    settings.RATE_LIMITS = True
    answers = [press(browser, ticket).status_code for _ in range(7)]
    assert answers == [200] * 6 + [429]


def test_nobody_else_can_have_it_sent(browser: Client, ticket: Booking) -> None:
    stranger = Client()
    stranger.force_login(make_user())
    assert press(stranger, ticket).status_code == 404
    assert not written()


def test_a_cancelled_booking_has_no_ticket_to_send(browser: Client, ticket: Booking) -> None:
    services.cancel_booking(user=ticket.user, reference=ticket.reference)
    assert press(browser, ticket).status_code == 404
    assert not written(CONFIRMED)


def staff(role: str) -> Client:
    person = make_user(is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    return client


@pytest.mark.parametrize(("role", "may"), [("box office", True), ("read-only", False)])
def test_staff_send_it_by_their_role_with_a_line_in_the_audit_log(
    ticket: Booking, role: str, may: bool
) -> None:
    client = staff(role)
    booking_page = client.get(f"/admin/bookings/booking/{ticket.pk}/change/").content.decode()
    assert ("Send the ticket again" in booking_page) is may
    address = f"/admin/bookings/booking/{ticket.pk}/send-again/"
    page = client.get(address)
    assert (page.status_code == 200) is may
    form = form_of(page) if may else str(uuid4())
    for _ in range(2):
        client.post(address, {"form": form})
        send_due()
    lines = LogEntry.objects.filter(change_message="Ticket sent again by mail.")
    assert (len(mail.outbox), lines.count()) == ((1, 1) if may else (0, 0))


def test_staff_are_told_why_there_is_nothing_to_send(ticket: Booking) -> None:
    services.cancel_booking(user=ticket.user, reference=ticket.reference)
    address = f"/admin/bookings/booking/{ticket.pk}/send-again/"
    page = staff("box office").post(address, {"form": str(uuid4())}, follow=True)
    assert "there is no ticket to send" in page.content.decode()
    assert not Message.objects.filter(kind=CONFIRMED).exists()
