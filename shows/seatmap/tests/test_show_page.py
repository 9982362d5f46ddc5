import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from bookings import services
from shows.models import Show
from tests.support.factories import begin, hall, lapse, make_booking, make_show, make_user

pytestmark = pytest.mark.django_db


def chosen(response: Any) -> list[str]:
    return re.findall(r'value="([^"]+)"[^>]* checked>', response.content.decode())


def test_the_page_names_the_film_the_place_and_the_prices(client: Client) -> None:
    show = make_show(starts_at=timezone.now() + timedelta(hours=3))
    body = client.get(show.get_absolute_url()).content.decode()
    for words in (show.movie.title, show.screen.cinema.name, "₹250", "₹400", "48</b> of 48"):
        assert words in body


@pytest.mark.parametrize(
    ("live_url", "stream"),
    [
        ("/live/", "/live/"),
        ("https://live.example/live/", "https://live.example/live/"),
        # A port of the host that the page came from.
        (":8002/live/", "//127.0.0.1:8002/live/"),
    ],
)
def test_the_page_names_its_stream(
    client: Client, settings: Settings, live_url: str, stream: str
) -> None:
    settings.LIVE_URL = live_url
    show = make_show()
    body = client.get(show.get_absolute_url(), headers={"host": "127.0.0.1:8000"}).content.decode()
    assert f'data-stream="{stream}shows/{show.pk}/seats/"' in body
    over = make_show()
    begin(over)
    assert "data-stream" not in client.get(over.get_absolute_url()).content.decode()


def test_without_a_live_process_the_page_names_no_stream(client: Client) -> None:
    assert "data-stream" not in client.get(make_show().get_absolute_url()).content.decode()


def test_query_count_is_constant_with_seats_and_bookings(client: Client) -> None:
    def queries(show: Show, seats: int) -> int:
        for number in range(1, seats, 2):
            make_booking(show, [f"R1-{number}"])
        with CaptureQueriesContext(connection) as found:
            assert client.get(show.get_absolute_url()).status_code == 200
        return len(found)

    client.force_login(make_user())
    small = queries(make_show(hall(4, 10)), 2)
    assert queries(make_show(hall(20, 25)), 20) == small <= 7


def test_a_page_left_open_can_ask_what_its_viewer_holds(client: Client) -> None:
    show, user = make_show(), make_user()
    address = reverse("shows:own", args=[show.pk])
    assert "hidden" in client.get(address).content.decode()
    client.force_login(user)
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1", "E1"])
    line = unescape(client.get(address).content.decode())
    assert '"A1": "A1, \\u20b9250, held for you"' in line
    assert '"E1": "E1, premium, \\u20b9400, held for you"' in line
    assert held.get_absolute_url() in line
    lapse(held)
    assert "hidden" in client.get(address).content.decode()


def test_seats_in_the_address_are_chosen_and_those_that_are_gone_are_named(client: Client) -> None:
    show = make_show()
    make_booking(show, ["A2"])
    response = client.get(f"{show.get_absolute_url()}?seats=A1,A2,Z9")
    assert chosen(response) == ["A1"]
    assert "A2, Z9 are not free any more" in response.content.decode()


def test_ones_own_held_seats_are_chosen_and_others_see_them_taken(client: Client) -> None:
    show, user = make_show(), make_user()
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1", "A2"])
    client.force_login(user)
    response = client.get(show.get_absolute_url())
    assert chosen(response) == ["A1", "A2"]
    assert held.get_absolute_url() in response.content.decode()
    assert chosen(Client().get(show.get_absolute_url())) == []
    lapse(held)
    assert chosen(client.get(show.get_absolute_url())) == []


def test_the_best_seats_for_a_party_are_chosen_without_javascript(client: Client) -> None:
    show = make_show()
    # Row D is closer to the best place, but three of its four seats would leave a single one.
    assert chosen(client.get(f"{show.get_absolute_url()}?party=3")) == ["C3", "C4", "C5"]


MIXED = "A wsss_sss\nB ssss_sss\nC pppp_ppp"


def test_the_best_seats_are_of_the_kind_that_was_asked_for_and_named_with_their_price(
    client: Client,
) -> None:
    show = make_show(MIXED)
    for kind, labels, line in (
        ("premium", ["C3", "C4"], "C3, C4, premium, ₹800"),
        ("standard", ["B3", "B4"], "B3, B4, ₹500"),
        ("wheelchair", ["A1", "A2"], "A1, A2, ₹500"),
    ):
        response = client.get(f"{show.get_absolute_url()}?party=2&kind={kind}")
        assert [label for label in chosen(response) if label != "yes"] == labels
        assert f"Ticked: {line}<" in response.content.decode()
    response = client.get(f"{show.get_absolute_url()}?party=5&kind=premium")
    assert "No 5 premium seats side by side are left." in response.content.decode()
    response = client.get(f"{show.get_absolute_url()}?party=2&kind=sofa")
    assert "a kind of seat from the list" in response.content.decode()


@pytest.mark.parametrize(
    ("plan", "kinds"),
    [
        (MIXED, ["Any seats", "Standard", "Premium", "Wheelchair place"]),
        ("A sss\nB ppp", ["Any seats", "Standard", "Premium"]),
        ("A sws", ["Any seats", "Wheelchair place"]),
        ("A sss", []),
        ("A ppp", []),
    ],
)
def test_only_kinds_that_the_hall_has_are_offered(
    client: Client, plan: str, kinds: list[str]
) -> None:
    body = client.get(make_show(plan).get_absolute_url()).content.decode()
    offered = re.findall(r'<select name="kind".*?</select>', body, re.DOTALL)
    assert re.findall("<option[^>]*>([^<]+)<", "".join(offered)) == kinds


def test_ones_own_hold_counts_as_free_for_the_best_seats(client: Client) -> None:
    show, user = make_show("A ss"), make_user()
    services.hold_seats(user=user, show_id=show.pk, labels=["A1", "A2"])
    client.force_login(user)
    assert chosen(client.get(f"{show.get_absolute_url()}?party=2")) == ["A1", "A2"]


@pytest.mark.parametrize("party", ["0", "11", "many", ""])
def test_an_invalid_party_size_is_refused(client: Client, party: str) -> None:
    response = client.get(f"{make_show().get_absolute_url()}?party={party}")
    assert response.status_code == 200
    assert "how many of you" in response.content.decode()


def test_a_party_too_large_for_the_free_seats_gets_a_message(client: Client) -> None:
    show = make_show("A ss_ss")
    assert "No 3 seats side by side" in (
        client.get(f"{show.get_absolute_url()}?party=3").content.decode()
    )


@pytest.mark.parametrize("ending", ["begun", "cancelled"])
def test_a_show_that_cannot_be_booked_says_so_and_offers_no_hold(
    client: Client, ending: str
) -> None:
    show = make_show()
    if ending == "begun":
        begin(show)
    else:
        Show.objects.filter(pk=show.pk).update(status=Show.Status.CANCELLED)
    body = client.get(f"{show.get_absolute_url()}?seats=A1").content.decode()
    assert ending in body
    assert "data-bar" not in body
    assert "hx-trigger" not in body


def test_the_page_is_private_and_an_unknown_show_is_404(client: Client) -> None:
    show = make_show()
    assert "no-store" in client.get(show.get_absolute_url())["Cache-Control"]
    assert client.get("/shows/999999/").status_code == 404
    assert client.get("/shows/99999999999999999999/").status_code == 404
