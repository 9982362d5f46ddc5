from datetime import timedelta

import pytest
from django.test import Client

from bookings.models import Booking
from bookings.services import cancel_booking, hold_seats
from tests.support.admin_site import assert_few_queries, queries_of_list, staff_client
from tests.support.factories import lapse, make_booking, make_movie, make_show, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/bookings/booking/"


@pytest.fixture
def client(db: None) -> Client:
    return staff_client()


def test_the_list_needs_few_queries_for_many_rows(client: Client) -> None:
    assert_few_queries(client, "bookings_booking", lambda: make_booking(make_show(), ["A1"]))


def test_a_page_of_one_booking_costs_no_more_than_the_list(client: Client) -> None:
    make_booking(make_show(), [f"A{number}" for number in range(1, 11)])

    assert queries_of_list(client, "bookings_booking", q="person") <= 12


def test_bookings_cannot_be_changed_in_the_admin(client: Client) -> None:
    booking = make_booking(make_show(), ["A1"])
    before = Booking.objects.values().get()
    page = f"{LIST}{booking.pk}/"

    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}add/", {}).status_code == 403
    assert client.post(f"{page}change/", {"total_amount": "1"}).status_code == 403
    assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [booking.pk], "post": "yes"}
    client.post(LIST, chosen)
    assert Booking.objects.values().get() == before


def test_a_booking_shows_what_was_sold_and_leads_to_show_and_customer(client: Client) -> None:
    booking = make_booking(make_show(), ["A1", "E1"])

    page = client.get(f"{LIST}{booking.pk}/change/").text

    for text in (booking.reference, "A1", "₹250", "E1", "₹400", "₹650", booking.user.email):
        assert text in page
    assert f"/admin/shows/show/{booking.show_id}/change/" in page
    assert f"/admin/accounts/user/{booking.user_id}/change/" in page


def test_a_booking_is_found_by_reference_email_and_name(client: Client) -> None:
    booking = make_booking(make_show(), ["A1"], user=make_user("asha@example.com", name="Asha Rão"))
    other = make_booking(make_show(), ["A1"], user=make_user("ben@example.com", name="Ben"))
    Booking.objects.filter(pk=booking.pk).update(reference="BMV01AB1234567Z")
    Booking.objects.filter(pk=other.pk).update(reference="BMV777777777777")

    for typed in (
        "BMV01AB1234567Z",
        "bmv 0lab 1234 567z",
        "BMV-OIAB",
        "asha@",
        "Asha R",
        "01AB123",
        "rao",
    ):
        page = client.get(LIST, {"q": typed}).text
        assert "BMV01AB1234567Z" in page, typed
        assert "BMV777777777777" not in page, typed


def test_the_status_filter_reads_a_lapsed_hold_as_not_completed(client: Client) -> None:
    show = make_show()
    live = hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    lapsed = hold_seats(user=make_user(), show_id=show.pk, labels=["A2"])
    lapse(lapsed)
    sold = make_booking(show, ["A3"])
    gone = make_booking(show, ["A4"])
    cancel_booking(user=gone.user, reference=gone.reference)
    found = {
        status: {b.pk for b in client.get(LIST, {"status_now": status}).context["cl"].result_list}
        for status in Booking.Status.values
    }

    assert found == {
        "PENDING": {live.pk},
        "FAILED": {lapsed.pk},
        "CONFIRMED": {sold.pk},
        "CANCELLED": {gone.pk},
    }
    assert "The hold ran out" in client.get(LIST).text


def test_bookings_of_a_day_can_be_listed(client: Client) -> None:
    old = make_booking(make_show(movie=make_movie("Old film")), ["A1"])
    Booking.objects.filter(pk=old.pk).update(
        created_at=old.created_at - timedelta(days=40),
        expires_at=old.expires_at - timedelta(days=40),
        confirmed_at=old.created_at - timedelta(days=40),
    )
    new = make_booking(make_show(movie=make_movie("New film")), ["A1"])
    day = new.created_at

    page = client.get(LIST, {"when": f"{day:%Y-%m-%d}"}).text

    assert "New film" in page
    assert "Old film" not in page
