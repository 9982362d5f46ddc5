"""Shows of an on-sale: what lists say, and who gets to the seats."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from shows.models import Show
from shows.waiting_room import list_notes, passes, services
from shows.waiting_room.models import OnSale
from tests.support.factories import make_cinema, make_movie, make_screen, make_show, make_user
from tests.support.on_sale import make_sale, open_sale, pass_of

pytestmark = pytest.mark.django_db


def give(client: Client, sale: OnSale, text: str) -> None:
    client.cookies[f"{passes.COOKIE}{sale.pk}"] = text


def is_led_away(client: Client, show: Show, sale: OnSale) -> bool:
    response = client.get(show.get_absolute_url())
    if response.status_code == 200:
        return False
    assert response.headers["Location"] == f"/waiting-room/{sale.pk}/"
    return True


def test_the_page_of_a_show_on_sale_leads_to_the_waiting_room(
    client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    show = make_show()
    sale = make_sale(show)
    assert is_led_away(client, show, sale)
    client.force_login(make_user())
    assert is_led_away(client, show, sale)
    with django_capture_on_commit_callbacks(execute=True):
        services.switch_sale(on_sale_id=sale.pk, mode="OFF", by=make_user(is_staff=True))
    assert not is_led_away(client, show, sale)


def test_only_one_s_own_pass_opens_the_show_and_the_page_says_until_when(client: Client) -> None:
    show = make_show()
    sale, asha = open_sale(show), make_user()
    text = pass_of(sale, asha)
    give(client, sale, text)
    assert is_led_away(client, show, sale), "not logged in"
    client.force_login(make_user())
    assert is_led_away(client, show, sale), "somebody else's pass"
    client.force_login(asha)
    give(client, sale, f"{text}x")
    assert is_led_away(client, show, sale), "a changed pass"
    give(client, sale, text)
    page = client.get(show.get_absolute_url()).content.decode()
    assert "You are in until" in page


def test_an_old_pass_leads_back_to_the_waiting_room(client: Client) -> None:
    show = make_show()
    sale, asha = open_sale(show), make_user()
    client.force_login(asha)
    give(client, sale, passes.make(sale.pk, asha.pk, sale.opens_at - timedelta(minutes=1)))
    assert is_led_away(client, show, sale)


def film_page(client: Client) -> str:
    return client.get("/movies/perfect-days/").content.decode()


def test_the_film_says_when_its_sale_opens_on_the_cinema_s_clock(client: Client) -> None:
    movie = make_movie("Perfect Days", slug="perfect-days")
    make_show(movie=movie, screen=make_screen(cinema=make_cinema(timezone="Asia/Kolkata")))
    sale = make_sale(movie)
    opens = sale.opens_at.astimezone(Show.objects.get().screen.cinema.tz)
    page = film_page(client)
    assert f"Tickets go on sale {opens:%a} {opens.day} {opens:%b, %H:%M}." in page
    assert f'href="/waiting-room/{sale.pk}/"' in page
    assert "Plenty of seats" not in page
    assert "LimitedAvailability" in page, "also to search engines"


def test_an_open_or_closed_sale_is_named_on_the_film_s_page_and_in_the_list(
    client: Client,
) -> None:
    movie = make_movie("Perfect Days", slug="perfect-days")
    make_show(movie=movie)
    sale = open_sale(movie)
    assert "Many people want to see this film." in film_page(client)
    assert "Waiting room" in client.get("/").content.decode()
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=make_user(is_staff=True))
    cache.delete(list_notes.KEY)
    assert "The sale of this film is closed for now." in film_page(client)
    assert "Sale closed for now" in client.get("/").content.decode()


def test_a_film_without_a_waiting_room_is_as_it_was(client: Client) -> None:
    movie = make_movie("Perfect Days", slug="perfect-days")
    make_show(movie=movie)
    make_sale(make_show())
    page = film_page(client)
    assert "Plenty of seats" in page
    assert "waiting-room" not in page


def test_who_is_in_sees_the_film_s_times_as_usual(client: Client) -> None:
    movie = make_movie("Perfect Days", slug="perfect-days")
    make_show(movie=movie)
    sale, asha = open_sale(movie), make_user()
    client.force_login(asha)
    give(client, sale, pass_of(sale, asha))
    page = film_page(client)
    assert "Plenty of seats" in page
    assert "waiting-room" not in page


def test_cinemas_in_two_time_zones_have_the_site_s_clock_by_name(client: Client) -> None:
    movie = make_movie("Perfect Days", slug="perfect-days")
    for zone in ("Asia/Kolkata", "Europe/Berlin"):
        make_show(movie=movie, screen=make_screen(cinema=make_cinema(timezone=zone)))
    sale = make_sale(movie)
    words = f"{sale.opens_at:%H:%M} UTC"
    assert words in film_page(client)
    assert f"{sale.opens_at:%H:%M}</time> (UTC)" in (
        client.get(f"/waiting-room/{sale.pk}/").content.decode()
    )


def test_the_pass_is_kept_out_of_the_seat_map_that_is_the_same_for_all(client: Client) -> None:
    show = make_show()
    sale, asha = open_sale(show), User.objects.create_user("asha@example.com", "velvet-curtain-7")
    text = pass_of(sale, asha)
    client.force_login(asha)
    give(client, sale, text)
    assert text not in client.get(f"/shows/{show.pk}/seats/").content.decode()
    assert text not in client.get(show.get_absolute_url()).content.decode()
