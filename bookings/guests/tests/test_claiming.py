"""An account takes what its owner bought as a guest, only after a mail to that address was read."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.services import write
from bookings import services
from bookings.guests.links import guest_link
from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from bookings.payments.models import Order
from tests.support.factories import (
    hall,
    make_booking,
    make_guest,
    make_screen,
    make_show,
    make_user,
)
from tests.support.guests import be_guest
from tests.support.money import make_paid_booking
from tests.support.waiting_list import join, sell_out

pytestmark = pytest.mark.django_db(transaction=True)
LIST, CLAIM = reverse("bookings:list"), reverse("bookings:claim")
OFFER = "Add to my account"


@pytest.fixture
def guest() -> User:
    return make_guest("Asha@example.com", name="Asha Rao")


@pytest.fixture
def ticket(guest: User) -> Booking:
    return make_booking(make_show(), ["A1", "A2"], user=guest)


def browser_of(account: User) -> Client:
    client = Client()
    client.force_login(account)
    return client


def account(email: str = "asha@example.com", *, confirmed: bool) -> User:
    return make_user(email, email_confirmed_at=timezone.now() if confirmed else None)


def claim(client: Client) -> str:
    return client.post(CLAIM, follow=True).content.decode()


def owner_of(booking: Booking) -> User:
    return Booking.objects.get(pk=booking.pk).user


def test_the_confirmed_owner_of_the_address_takes_the_tickets(ticket: Booking) -> None:
    owner = account(confirmed=True)
    client = browser_of(owner)
    page = client.get(LIST).content.decode()
    assert "<b>1 booking</b> was made as a guest with asha@example.com" in page
    assert owner_of(ticket) != owner, "a look takes nothing"
    assert "1 booking is in your account now." in claim(client)
    assert owner_of(ticket) == owner
    assert OFFER not in client.get(LIST).content.decode()
    assert list(find_breaches()) == []


def test_an_address_alone_is_no_proof(ticket: Booking, guest: User) -> None:
    """Anybody can open an account with anybody's address, and type it into a guest's form."""
    stranger = browser_of(account(confirmed=False))
    assert OFFER not in stranger.get(LIST).content.decode()
    claim(stranger)
    assert owner_of(ticket) == guest


def test_another_confirmed_address_takes_nothing(ticket: Booking, guest: User) -> None:
    client = browser_of(account("mira@example.com", confirmed=True))
    claim(client)
    assert owner_of(ticket) == guest


def test_that_it_was_bought_in_this_browser_is_no_proof(ticket: Booking, guest: User) -> None:
    client = browser_of(account("mira@example.com", confirmed=True))
    be_guest(client, guest)
    shown = client.get(LIST).content.decode()
    assert ticket.seats[0] in shown, "it is shown here"
    assert "isn’t in your account yet" in shown, "and how to prove it is said"
    claim(client)
    assert owner_of(ticket) == guest


def test_the_mailed_link_opened_in_this_session_is_proof(ticket: Booking) -> None:
    owner = account("mira@example.com", confirmed=False)
    client = browser_of(owner)
    client.post(urlsplit(guest_link(ticket)).path)
    assert OFFER in client.get(LIST).content.decode()
    claim(client)
    assert owner_of(ticket) == owner


def test_a_link_opened_before_the_log_in_counts_after_it(ticket: Booking) -> None:
    owner, client = make_user("mira@example.com", "velvet-curtain-7"), Client()
    client.post(urlsplit(guest_link(ticket)).path)
    client.post(
        reverse("accounts:login"), {"username": owner.email, "password": "velvet-curtain-7"}
    )
    claim(client)
    assert owner_of(ticket) == owner


def test_the_proof_ends_when_the_address_changes(ticket: Booking, guest: User) -> None:
    client = browser_of(account("mira@example.com", confirmed=True))
    client.post(urlsplit(guest_link(ticket)).path)
    User.objects.filter(pk=guest.pk).update(email="corrected@example.com")
    claim(client)
    assert owner_of(ticket) == guest


def test_orders_and_waiting_mails_go_along_and_a_live_hold_stays(guest: User) -> None:
    paid = make_paid_booking(make_show(), ["C1"], user=guest)
    write("guest-link", key="waits", user=guest, show_id=paid.show_id, booking_id=paid.pk)
    hold = services.hold_seats(user=guest, show_id=make_show().pk, labels=["A1"])
    owner = account(confirmed=True)
    client = browser_of(owner)
    claim(client)
    assert owner_of(paid) == owner
    assert Order.objects.get(booking=paid).user == owner
    assert Message.objects.get().user == owner
    assert owner_of(hold) == guest
    assert client.get(reverse("bookings:pdf", args=[paid.reference])).status_code == 200
    assert list(find_breaches()) == []


def test_a_place_in_a_waiting_list_goes_along_unless_the_account_has_one(guest: User) -> None:
    both, alone = (make_show(screen=make_screen(hall(1, 4))) for _ in range(2))
    for show in (both, alone):
        sell_out(show)
    owner = account(confirmed=True)
    own, second, only = join(both, user=owner), join(both, user=guest), join(alone, user=guest)
    claim(browser_of(owner))
    for place, person in ((own, owner), (second, guest), (only, owner)):
        place.refresh_from_db()
        assert (place.user, place.state) == (person, "WAITING")


def test_the_old_link_ends_with_the_claim(ticket: Booking) -> None:
    link = urlsplit(guest_link(ticket)).path
    claim(browser_of(account(confirmed=True)))
    assert Client().get(link).status_code == 410


def test_the_claim_is_in_the_security_log_without_the_address(ticket: Booking, caplog: Any) -> None:
    claim(browser_of(account(confirmed=True)))
    (record,) = [r for r in caplog.records if getattr(r, "event", "") == "guest claim"]
    assert record.bookings == 1
    assert "asha" not in str(vars(record)).lower()


def test_the_sign_up_page_knows_what_the_guest_has_typed(guest: User) -> None:
    client = Client()
    be_guest(client, guest)
    assert f'value="{guest.email}"' in client.get("/accounts/signup/").content.decode()
