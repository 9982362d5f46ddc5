from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from bookings.models import Booking
from bookings.show_changes.services import move_show
from bookings.tickets.services import read_door_token
from tests.support import wallet
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)

pytestmark = pytest.mark.django_db

SAVE = "https://pay.google.com/gp/v/save/"
# What Google's documents advise, because some browsers cut longer addresses.
LONGEST = 1_800


@pytest.fixture(autouse=True)
def google(settings: Settings, tmp_path: Path) -> None:
    wallet.use_google(settings, wallet.write_google_file(tmp_path))


def address(booking: Booking) -> str:
    return reverse("bookings:google-wallet", args=[booking.reference])


def token_of(client: Client, booking: Booking) -> str:
    response = client.get(address(booking))
    assert response.status_code == 302
    assert response["Location"].startswith(SAVE)
    return str(response["Location"].removeprefix(SAVE))


def claims_of(client: Client, booking: Booking) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token_of(client, booking), wallet.public_pem("google"), ["RS256"], audience="google"
    )
    return claims


def test_the_link_is_signed_by_the_service_account(client: Client, ticket: Booking) -> None:
    claims = claims_of(client, ticket)
    assert claims["iss"] == wallet.ACCOUNT
    assert claims["typ"] == "savetowallet"
    stranger = wallet.public_pem("another account")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token_of(client, ticket), stranger, ["RS256"], audience="google")


def test_it_says_what_the_ticket_says_and_not_who_booked(client: Client, ticket: Booking) -> None:
    payload, show = claims_of(client, ticket)["payload"], ticket.show
    (event,), (saved,) = payload["eventTicketClasses"], payload["eventTicketObjects"]
    assert event["eventName"]["defaultValue"]["value"] == "Amélie"
    assert event["venue"]["name"]["defaultValue"]["value"] == "Regal, Screen 2"
    assert event["dateTime"]["start"] == show.local_start.isoformat(timespec="seconds")
    assert saved["classId"] == event["id"]
    assert saved["id"].startswith(f"{wallet.ISSUER_ID}.{ticket.reference}")
    assert saved["seatInfo"]["seat"]["defaultValue"]["value"] == "D2, E1"
    assert read_door_token(saved["barcode"]["value"]) == ticket.reference
    assert datetime.fromisoformat(
        saved["validTimeInterval"]["end"]["date"]
    ) == show.ends_at.replace(microsecond=0)
    assert "Meera" not in f"{payload}"
    assert "meera" not in f"{payload}"


def test_after_a_move_google_gets_a_new_object_and_a_new_event(
    client: Client, ticket: Booking
) -> None:
    """Google keeps the first object and class with an id, whatever a later link says."""
    before = claims_of(client, ticket)["payload"]
    start = ticket.show.starts_at + timedelta(hours=2)
    move_show(by=make_user(is_staff=True), show_id=ticket.show_id, starts_at=start)
    after = claims_of(client, ticket)["payload"]
    for part in ("eventTicketClasses", "eventTicketObjects"):
        assert before[part][0]["id"] != after[part][0]["id"]


def test_the_link_of_a_usual_ticket_is_short_enough_for_every_browser(
    client: Client, user: User
) -> None:
    film = make_movie("Everything Everywhere All at Once")
    cinema = make_cinema(name="Cinema Paradiso", address="12 Some Long Street Name")
    screen = make_screen("A ssss", cinema=cinema, name="Screen 12")
    show = make_show(screen=screen, movie=film)
    labels = list(show.seats.in_plan_order().values_list("label", flat=True))
    assert len(token_of(client, make_booking(show, labels, user=user))) <= LONGEST


def test_the_ticket_page_has_the_button_and_says_who_receives_what(
    client: Client, ticket: Booking
) -> None:
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert f'href="{address(ticket)}"' in page
    assert "Save to Google Wallet" in page
    assert "Google receives what is on the ticket" in page
    assert "Apple" not in page


def test_google_does_not_learn_where_the_press_came_from(client: Client, ticket: Booking) -> None:
    assert client.get(address(ticket))["Referrer-Policy"] == "no-referrer"


def test_without_the_settings_there_is_no_address(
    client: Client, ticket: Booking, settings: Settings
) -> None:
    settings.GOOGLE_WALLET_KEY_FILE = ""
    assert client.get(address(ticket)).status_code == 404


def test_another_person_gets_no_link(ticket: Booking) -> None:
    other = Client()
    other.force_login(make_user())
    assert other.get(address(ticket)).status_code == 404
