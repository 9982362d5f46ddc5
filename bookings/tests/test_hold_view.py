import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from bookings import services
from bookings.models import Booking
from shows.models import Show
from tests.support.factories import begin, hall, make_booking, make_show, make_user

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def hold(
    client: Client,
    show: Show,
    *labels: str,
    token: str = "form-1",
    headers: dict[str, str] | None = None,
) -> Any:
    return client.post(
        reverse("bookings:hold", args=[show.pk]),
        {"seat": labels, "token": token},
        headers=headers,
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ticked(response: Any) -> list[str]:
    return re.findall(r'value="([^"]+)"[^>]* checked>', response.content.decode())


def test_holding_leads_to_the_review_and_with_htmx_moves_the_whole_page() -> None:
    show, user = make_show(), make_user()
    response = hold(signed_in(user), show, "A1", "A2")
    booking = Booking.objects.get()
    assert (response.status_code, response["Location"]) == (302, booking.get_absolute_url())
    assert booking.seats == ["A1", "A2"]
    other = make_show()
    response = hold(signed_in(user), other, "A1", headers=HTMX)
    assert response["HX-Redirect"] == Booking.objects.get(show=other).get_absolute_url()


@pytest.mark.parametrize("headers", [None, HTMX])
def test_a_visitor_holds_seats_without_a_log_in(headers: dict[str, str] | None) -> None:
    show, visitor = make_show(), Client()
    response = hold(visitor, show, "A1", "A2", headers=headers)
    booking = Booking.objects.get()
    assert response["HX-Redirect" if headers else "Location"] == booking.get_absolute_url()
    assert booking.user.is_guest
    assert ticked(visitor.get(show.get_absolute_url())) == ["A1", "A2"]
    own = reverse("shows:own", args=[show.pk])
    assert booking.reference in visitor.get(own).content.decode()
    assert booking.reference not in Client().get(own).content.decode()


def test_a_visitor_is_the_same_guest_with_each_hold() -> None:
    show, visitor = make_show(), Client()
    hold(visitor, show, "A1")
    hold(visitor, show, "B1", token="form-2")
    hold(visitor, make_show(), "A1", token="form-3")
    assert User.objects.filter(is_guest=True).count() == 1
    assert Booking.objects.filter(status="PENDING").count() == 2, "the first one was swapped"
    hold(Client(), show, "C1")
    assert User.objects.filter(is_guest=True).count() == 2


def test_two_visitors_cannot_hold_the_same_seat() -> None:
    show = make_show()
    assert hold(Client(), show, "A1").status_code == 302
    response = hold(Client(), show, "A1", "A2")
    assert response.status_code == 409
    assert "Seat A1 is no longer free" in response.content.decode()


def test_a_look_at_the_map_makes_no_guest_and_no_session() -> None:
    show, visitor = make_show(), Client()
    for address in (
        show.get_absolute_url(),
        show.get_absolute_url() + "?party=2",
        reverse("shows:seats", args=[show.pk]),
        reverse("shows:own", args=[show.pk]),
    ):
        assert visitor.get(address).status_code == 200
    assert not User.objects.filter(is_guest=True).exists()
    assert "sessionid" not in visitor.cookies


def test_a_seat_lost_to_someone_else_is_named_and_the_rest_stay_chosen() -> None:
    show = make_show()
    make_booking(show, ["A2"])
    response = hold(signed_in(make_user()), show, "A1", "A2")
    assert response.status_code == 409
    assert ticked(response) == ["A1"]
    assert "Seat A2 is no longer free" in response.content.decode()


def test_a_fragment_brings_the_map_as_it_is_now_and_what_went_wrong() -> None:
    show = make_show()
    make_booking(show, ["A2"])
    response = hold(signed_in(make_user()), show, "A1", "A2", headers=HTMX)
    body = response.content.decode()
    assert response.status_code == 409
    assert body.startswith('<input type="hidden" id="map-version"')
    assert 'id="seat-problem" hx-swap-oob' in body
    assert "Seat A2 is no longer free" in body
    assert "<html" not in body


@pytest.mark.parametrize("count", [0, 11])
def test_no_seat_and_eleven_seats_are_refused_kindly(count: int) -> None:
    show, client = make_show(), signed_in(make_user())
    labels = list(show.seats.in_plan_order().values_list("label", flat=True))
    response = hold(client, show, *labels[:count])
    assert response.status_code == 422
    assert "Choose at" in response.content.decode()
    assert hold(client, show, *labels[:10], token="form-2").status_code == 302


@pytest.mark.parametrize("headers", [None, HTMX])
def test_a_form_without_a_seat_is_refused_and_makes_no_guest(
    headers: dict[str, str] | None,
) -> None:
    response = hold(Client(), make_show(), headers=headers)
    assert response.status_code == 422
    assert "Choose at least one seat." in response.content.decode()
    assert not User.objects.exists()


def hold_from_the_map(client: Client, show: Show, *labels: str, **answer: str) -> Any:
    """Post the form as the page has it: the map says which seats are wheelchair places."""
    page = client.get(show.get_absolute_url()).content.decode()
    (places,) = re.findall('name="places" value="([^"]+)"', page)
    data = {"seat": labels, "token": "form-1", "places": places, **answer}
    return client.post(reverse("bookings:hold", args=[show.pk]), data)


def test_a_wheelchair_place_is_held_once_someone_said_that_it_is_needed() -> None:
    show, client = make_show(), signed_in(make_user())
    response = hold_from_the_map(client, show, "D1", "D2")
    assert response.status_code == 422
    body = response.content.decode()
    assert "D1 is a wheelchair place. Tick that someone in your party uses a wheelchair" in body
    assert ticked(response) == ["D1", "D2"]
    assert not Booking.objects.exists()
    assert hold_from_the_map(client, show, "D1", "D2", wheelchair="yes").status_code == 302
    assert Booking.objects.get().seats == ["D1", "D2"]


def test_ordinary_seats_are_held_without_a_question() -> None:
    assert hold_from_the_map(signed_in(make_user()), make_show(), "D2").status_code == 302


def test_a_visitor_too_is_asked_whether_a_wheelchair_place_is_needed() -> None:
    show, visitor = make_show(), Client()
    assert hold_from_the_map(visitor, show, "D1").status_code == 422
    assert not User.objects.exists()
    assert hold_from_the_map(visitor, show, "D1", wheelchair="yes").status_code == 302
    body = visitor.get(show.get_absolute_url()).content.decode()
    assert '<input type="checkbox" name="wheelchair" value="yes" checked>' in body


def test_a_show_that_began_cannot_be_held() -> None:
    show = make_show()
    begin(show)
    response = hold(signed_in(make_user()), show, "A1")
    assert response.status_code == 409
    assert "already begun" in response.content.decode()


def test_the_same_form_again_is_the_same_booking() -> None:
    show, client = make_show(), signed_in(make_user())
    first = hold(client, show, "A1", "A2")
    again = hold(client, show, "A2", "A1")
    assert first["Location"] == again["Location"]
    services.confirm_booking(
        user=Booking.objects.get().user, reference=Booking.objects.get().reference
    )
    assert hold(client, show, "A1", "A2")["Location"] == first["Location"]
    assert Booking.objects.count() == 1


def test_the_same_form_with_other_seats_swaps_the_hold() -> None:
    show, client = make_show(), signed_in(make_user())
    hold(client, show, "A1")
    hold(client, show, "B1")
    assert list(Booking.objects.filter(status="PENDING").values_list("seats", flat=True)) == [
        ["B1"]
    ]


def test_a_form_whose_booking_has_ended_holds_again() -> None:
    show, user = make_show(), make_user()
    client = signed_in(user)
    hold(client, show, "A1")
    old = Booking.objects.get()
    services.release_hold(user=user, reference=old.reference)
    response = hold(client, show, "A1")
    new = Booking.objects.get(status="PENDING")
    assert response["Location"] == new.get_absolute_url() != old.get_absolute_url()


@pytest.mark.django_db(transaction=True)
def test_the_same_form_posted_many_times_at_once_makes_one_booking() -> None:
    show, user = make_show(), make_user()
    clients = [signed_in(user) for _ in range(6)]

    def post(client: Client) -> str:
        try:
            return hold(client, show, "A1", "A2")["Location"]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(post, clients))) == 1
    assert Booking.objects.count() == 1


def test_holding_needs_the_csrf_token_and_a_show_that_is_there() -> None:
    show, user = make_show(), make_user()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert hold(strict, show, "A1").status_code == 403
    missing = signed_in(user).post(reverse("bookings:hold", args=[999_999]), {"seat": "A1"})
    assert missing.status_code == 404
    assert signed_in(user).get(reverse("bookings:hold", args=[show.pk])).status_code == 405


def test_another_site_cannot_hold_seats_with_a_visitors_browser() -> None:
    show, visitor = make_show(), Client(enforce_csrf_checks=True)
    assert hold(visitor, show, "A1").status_code == 403
    assert not User.objects.exists()
    page = visitor.get(show.get_absolute_url()).content.decode()
    (token,) = re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', page)[:1]
    form = {"seat": ["A1"], "csrfmiddlewaretoken": token}
    answer = visitor.post(reverse("bookings:hold", args=[show.pk]), form)
    assert answer.status_code == 302


def statements_of_hold(client: Client, show: Show, *labels: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert hold(client, show, *labels, token=labels[0]).status_code == 302
    # The text of a statement that the server had prepared already is not known here.
    said = [query["sql"] or "prepared" for query in queries]
    return [sql for sql in said if "SAVEPOINT" not in sql]


def test_what_the_first_hold_of_a_guest_costs_does_not_grow() -> None:
    """It has three statements more than that of an account: the guest's row, the seats that it
    holds already, and the session. Later holds have one more. Those of the hold itself are sent in
    one trip."""
    show = make_show(hall(20, 25))
    first = statements_of_hold(Client(), show, "R1-1")
    assert len(first) <= 8, first
    for number in range(2, 8):
        hold(Client(), show, f"R{number}-1")
    guest = Client()
    labels = [f"R9-{number}" for number in range(1, 11)]
    assert len(statements_of_hold(guest, show, *labels)) == len(first)
    account = signed_in(make_user())
    hold(account, show, "R10-1")
    again = statements_of_hold(account, make_show(), "A1")
    assert len(statements_of_hold(guest, make_show(), "A1")) == len(again) + 1


@pytest.mark.parametrize("count", [1, 10])
def test_a_hold_takes_seven_statements_at_most_with_the_log_in(client: Client, count: int) -> None:
    show = make_show(hall(20, 25))
    client.force_login(make_user())
    labels = [f"R1-{number}" for number in range(1, count + 1)]
    with CaptureQueriesContext(connection) as queries:
        response = client.post(
            reverse("bookings:hold", args=[show.pk]), {"seat": labels, "token": "t"}
        )
    assert response.status_code == 302
    said = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(said) <= 7, said
