"""Guests of one address can't hoard a show with many sessions (docs/spec.md §19.3)."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from bookings.guests import limits
from bookings.models import Booking
from bookings.services import sweep_lapsed_holds
from shows.models import Show
from tests.support.factories import hall, lapse, make_show, make_user
from tests.support.races import assert_sold_once, at_once

pytestmark = pytest.mark.django_db

HERE, ELSEWHERE = "203.0.113.7", "203.0.113.8"


def visitor(address: str = HERE) -> Client:
    return Client(REMOTE_ADDR=address)


def hold(client: Client, show: Show, *labels: str) -> Any:
    return client.post(
        reverse("bookings:hold", args=[show.pk]), {"seat": labels, "token": labels[0]}
    )


def seats_on_hold(show: Show) -> int:
    held = Booking.objects.filter(show=show, status="PENDING")
    return held.aggregate(seats=Sum("total_seats", default=0))["seats"]


def hold_in_fifty_sessions(show: Show) -> int:
    """Fifty new sessions of one address try to hold two seats each, ten at a time."""

    def five(number: int) -> None:
        for turn in range(5):
            row = number * 5 + turn + 1
            hold(visitor(), show, f"R{row}-1", f"R{row}-2")
            connection.close()

    assert at_once(five, 10) == [None] * 10
    return seats_on_hold(show)


@pytest.mark.django_db(transaction=True)
def test_fifty_sessions_of_one_address_hold_twenty_seats_together() -> None:
    show = make_show(hall(50, 4))
    assert hold_in_fifty_sessions(show) == 20
    assert_sold_once(show)
    assert hold(visitor(ELSEWHERE), show, "R1-3").status_code == 302, "other addresses go on"
    account = visitor()
    account.force_login(make_user())
    assert hold(account, show, "R1-4").status_code == 302, "people with an account go on"


@pytest.mark.django_db(transaction=True)
def test_control_without_the_limit_they_would_hold_everything(settings: Any) -> None:
    settings.MAX_GUEST_SEATS_PER_ADDRESS = settings.MAX_HELD_SEATS_PER_ADDRESS = 10_000
    assert hold_in_fifty_sessions(make_show(hall(50, 4))) == 100


def test_a_refused_guest_is_told_the_way_out(settings: Any) -> None:
    settings.MAX_GUEST_SEATS_PER_ADDRESS = 1
    show = make_show()
    hold(visitor(), show, "A1")
    response = hold(visitor(), show, "A2")
    assert response.status_code == 409
    assert "Log in or sign up to hold yours, or try again later." in response.content.decode()


def test_what_people_with_an_account_hold_counts_against_guests_only(settings: Any) -> None:
    """Guests never take what is left for accounts, and never more than their own limit."""
    settings.MAX_GUEST_SEATS_PER_ADDRESS, settings.MAX_HELD_SEATS_PER_ADDRESS = 2, 4
    show = make_show()
    clients = []
    for _ in range(3):
        clients.append(visitor())
        clients[-1].force_login(make_user())
    assert hold(visitor(), show, "A1").status_code == 302
    assert hold(clients[0], show, "A2").status_code == 302
    assert hold(visitor(), show, "A3").status_code == 409
    assert hold(clients[1], show, "A3", "A4").status_code == 302
    assert hold(clients[2], show, "A5").status_code == 409


ROUNDS = 10  # In an hour there could be 30, because a hold lasts two minutes.


def hold_with_new_sessions(show: Show) -> int:
    """In each round, new sessions take what they get, and let it lapse. Returns the seats held."""
    kept = 0
    for _ in range(ROUNDS):
        for row in ("A", "B"):
            hold(visitor(), show, f"{row}1", f"{row}2")
        kept += seats_on_hold(show)
        for held in Booking.objects.filter(show=show, status="PENDING"):
            lapse(held)
        sweep_lapsed_holds()
    return kept


@pytest.fixture
def few(settings: Any) -> None:
    settings.RATE_LIMITS = True
    settings.MAX_GUEST_SEATS_PER_ADDRESS = 4


def test_a_new_session_for_each_hold_does_not_evade_the_pause(few: None) -> None:
    """In an hour it keeps the seats for six holds, and nothing for the rest of the hour."""
    show = make_show()
    assert hold_with_new_sessions(show) == 6 * 4
    assert hold(visitor(), show, "A1").status_code == 409
    assert hold(visitor(ELSEWHERE), show, "A1").status_code == 302
    assert hold(visitor(), make_show(), "A1").status_code == 302, "each show has its own count"


def test_control_without_the_count_it_would_keep_the_seats_all_the_time(
    few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TIMES_AN_HOUR", 10_000)
    assert hold_with_new_sessions(make_show()) == ROUNDS * 4


def test_a_swap_counts_only_what_it_adds_and_a_lost_race_counts_nothing(few: None) -> None:
    show, picky = make_show(), visitor()
    hold(visitor(ELSEWHERE), show, "E1")
    for _ in range(20):
        assert hold(picky, show, "A1", "E1").status_code == 409, "lost"
    for label in ("A", "B", "C", "D", "E"):
        assert hold(picky, show, f"{label}2", f"{label}3").status_code == 302
    assert hold(picky, show, "A2", "A3", "A4", "A5").status_code == 302
    # Four of 24 seats are counted.
    kept = 0
    for _ in range(10):
        for held in Booking.objects.filter(show=show, status="PENDING"):
            lapse(held)
        kept += 4 if hold(visitor(), show, "B1", "B2", "B3", "B4").status_code == 302 else 0
    assert kept == 20


def test_the_same_form_posted_again_counts_once(few: None) -> None:
    show, client = make_show(), visitor()
    for _ in range(20):
        assert hold(client, show, "A1", "A2").status_code == 302
    assert Booking.objects.count() == 1


def test_many_networks_of_one_ipv6_customer_are_counted_together(few: None) -> None:
    """A customer may have 65,536 networks (/64) of a /48."""
    show = make_show(hall(30, 10))
    held = [
        hold(
            visitor(f"2001:db8:1:{number:x}::1"),
            show,
            f"R{number}-1",
            f"R{number}-2",
            f"R{number}-3",
            f"R{number}-4",
        ).status_code
        for number in range(1, 28)
    ]
    assert held == [302] * 24 + [409] * 3, "four times 24 seats"


def test_people_with_an_account_are_not_counted(few: None, settings: Any) -> None:
    settings.MAX_HELD_SEATS_PER_ADDRESS = 10_000
    show = make_show(hall(10, 10))
    for row in range(1, 10):
        client = visitor()
        client.force_login(make_user())
        labels = [f"R{row}-{number}" for number in range(1, 11)]
        assert hold(client, show, *labels).status_code == 302
    assert User.objects.filter(is_guest=True).count() == 0


def buy(client: Client, show: Show, label: str, email: str) -> str:
    """Hold a seat and confirm it as a guest; returns what became of it."""
    hold(client, show, label)
    booking = Booking.objects.get(show=show, seats=[label])
    details = {"name": "Asha Rao", "email": email, "phone": "+46 70 123 45 67"}
    client.post(reverse("bookings:check-out", args=[booking.reference]), details)
    booking.refresh_from_db()
    return booking.status


def test_a_proved_mailbox_does_not_let_many_sessions_buy_the_whole_show(settings: Any) -> None:
    """One mailed link proves its address in any number of sessions."""
    settings.RATE_LIMITS, settings.MAX_HELD_SEATS_PER_ADDRESS = True, 3
    show = make_show(hall(1, 5))
    outcomes = []
    for number in range(1, 6):
        browser = visitor()
        hold(browser, show, f"R1-{number}")
        guest = Booking.objects.get(show=show, seats=[f"R1-{number}"]).user
        User.objects.filter(pk=guest.pk).update(
            email="anna@example.com", email_confirmed_at=timezone.now()
        )
        outcomes.append(buy(browser, show, f"R1-{number}", "anna@example.com"))
    assert outcomes == ["CONFIRMED"] * 3 + ["PENDING"] * 2


def test_strangers_cannot_fill_a_mailbox_with_tickets(settings: Any) -> None:
    settings.RATE_LIMITS = True
    outcomes = [
        buy(visitor(f"203.0.113.{number}"), make_show(), "A1", "victim@example.com")
        for number in range(11)
    ]
    assert outcomes == ["CONFIRMED"] * 10 + ["PENDING"]
    assert buy(visitor(), make_show(), "A1", "other@example.com") == "CONFIRMED"
