"""The pages of the counter: their words, who may open them, and their number of statements."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import MANAGERS, User
from accounts.staff.roles import BOX_OFFICE, DOOR, READ_ONLY
from bookings.models import Booking
from bookings.payments.models import Order, Payment, Refund
from bookings.tickets.services import door_token
from shows.models import Show
from tests.support.factories import make_booking, make_cinema, make_show, make_user
from tests.support.money import make_order, make_paid_booking, make_payment, make_refund
from tests.support.money import take_at_counter as take

pytestmark = pytest.mark.django_db
HOME = "/counter/"


def staff_of(role: str) -> User:
    person = make_user(is_staff=True, name="Noor")
    person.groups.add(Group.objects.get(name=role))
    person.refresh_from_db()
    return person


@pytest.fixture
def clerk(client: Client) -> User:
    """A clerk who is logged in."""
    clerk = staff_of(BOX_OFFICE)
    client.force_login(clerk)
    return clerk


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def booking(show: Show) -> Booking:
    """₹650 to pay."""
    return make_booking(
        show, ["A1", "E1"], user=make_user(name="Meera Iyer", phone="+919812345678")
    )


def page_of(booking: Booking) -> str:
    return reverse("bookings:counter-booking", args=[booking.reference])


def sent(method: str = "cash", **more: object) -> dict[str, object]:
    return {"payment": uuid4(), "amount": 65_000, "method": method, "given": "", **more}


def post(client: Client, booking: Booking, **values: Any) -> Any:
    address = reverse("bookings:counter-take", args=[booking.reference])
    return client.post(address, sent(**values), follow=True)


@pytest.mark.usefixtures("clerk")
@pytest.mark.parametrize("typed", ["code", "reference", "spoken"])
def test_one_booking_that_is_found_opens_at_once(
    client: Client, booking: Booking, typed: str
) -> None:
    text = {
        "code": door_token(booking),
        "reference": booking.reference,
        "spoken": booking.reference.removeprefix("BMV").lower().replace("0", "o"),
    }[typed]
    found = client.post(HOME, {"q": text})
    assert (found.status_code, urlsplit(found["Location"]).path) == (302, page_of(booking))


@pytest.mark.usefixtures("clerk")
def test_a_name_or_a_phone_finds_the_coming_bookings_of_this_cinema(
    client: Client, booking: Booking
) -> None:
    paid = make_paid_booking(booking.show, ["B1"], user=booking.user)
    elsewhere = make_booking(make_show(), ["A1"], user=booking.user)
    client.get(HOME, {"cinema": booking.show.screen.cinema.slug})
    for typed in ("meera iy", "+919812345678"):
        page = client.post(HOME, {"q": typed}).text
        assert page_of(booking) in page
        assert "₹650" in page
        assert page_of(paid) in page
        assert "Paid" in page
        assert page_of(elsewhere) not in page
    nobody = client.post(HOME, {"q": "nobody\0 at all"}).text
    assert "No booking found." in nobody


@pytest.mark.usefixtures("clerk")
def test_the_search_costs_the_same_statements_for_many_bookings(
    client: Client, show: Show, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    user = make_user(name="Meera Iyer")
    counts = []
    for row in "ABC":
        for place in (1, 2, 3):
            make_paid_booking(show, [f"{row}{place}"], user=user)
        make_booking(show, [f"{row}5"], user=user)
        client.post(HOME, {"q": "meera"})
        with django_assert_max_num_queries(14) as captured:
            client.post(HOME, {"q": "meera"})
        counts.append(len(captured))
    assert counts[0] == counts[1] == counts[2]


@pytest.mark.usefixtures("clerk")
def test_cash_is_taken_and_the_change_is_said(client: Client, booking: Booking) -> None:
    page = client.get(page_of(booking)).text
    assert "To pay" in page
    assert "₹650" in page
    paid = post(client, booking, given="1,000").text
    assert "Change" in paid
    assert "₹350" in paid
    assert "Cash, taken by Noor" in paid
    payment = Payment.objects.get()
    assert (payment.amount, payment.method) == (65_000, "cash")


@pytest.mark.usefixtures("clerk")
@pytest.mark.parametrize(("given", "words"), [("600", "₹50 short"), ("lots", "such as")])
def test_cash_that_is_too_little_or_no_amount_takes_nothing(
    client: Client, booking: Booking, given: str, words: str
) -> None:
    answer = post(client, booking, given=given)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{given}"' in answer.text
    assert not Payment.objects.exists()
    # For a card the field is not looked at.
    post(client, booking, method="card", given=given)
    assert Payment.objects.get().method == "card"


@pytest.mark.usefixtures("clerk")
def test_a_form_that_was_changed_by_hand_takes_nothing(client: Client, booking: Booking) -> None:
    for wrong in (
        {"method": "gold"},
        {"amount": "1"},
        {"amount": ""},
        {"payment": "x"},
        {"given": "NaN"},
        {"given": "9" * 40},
    ):
        assert post(client, booking, **wrong).status_code in {200, 422}
    assert not Payment.objects.exists()


@pytest.mark.usefixtures("clerk")
def test_a_show_at_another_cinema_is_said_and_not_taken(client: Client, booking: Booking) -> None:
    other = make_cinema(name="Lantern")
    client.get(HOME, {"cinema": other.slug})
    page = client.get(page_of(booking)).text
    assert "Its money is taken there." in page
    assert "Cash given" not in page
    assert "another cinema" in post(client, booking).text
    assert not Payment.objects.exists()
    here = f"{page_of(booking)}?cinema={booking.show.screen.cinema.slug}"
    assert "Cash given" in client.get(here).text
    post(client, booking)
    assert Payment.objects.exists()


@pytest.mark.usefixtures("clerk")
def test_a_second_post_is_told_who_was_first(client: Client, booking: Booking) -> None:
    take(make_user(is_staff=True, name="Ravi"), booking)
    page = post(client, booking).text
    assert "Take no money: this booking is paid. Ravi took ₹650 at" in page
    assert Payment.objects.count() == 1


@pytest.mark.usefixtures("clerk")
def test_what_is_paid_online_is_said(client: Client, booking: Booking) -> None:
    order = make_order(booking, state=Order.State.PAID)
    make_payment(order, Payment.State.CAPTURED)
    page = client.get(page_of(booking)).text
    assert "Paid" in page
    assert "Online, " in page
    assert "Undo" not in page


def test_a_mistake_is_undone_on_the_page(client: Client, clerk: User, booking: Booking) -> None:
    payment = take(clerk, booking)
    address = reverse("bookings:counter-undo", args=[payment.uuid])
    assert address in client.get(page_of(booking)).text
    page = client.post(address, follow=True).text
    assert "Undone." in page
    assert "To pay" in page
    assert "given back already" in client.post(address, follow=True).text
    assert client.post(reverse("bookings:counter-undo", args=[uuid4()])).status_code == 404


def test_only_the_clerk_who_took_it_is_offered_to_undo(
    client: Client, clerk: User, booking: Booking
) -> None:
    payment = take(make_user(is_staff=True), booking)
    address = reverse("bookings:counter-undo", args=[payment.uuid])
    assert address not in client.get(page_of(booking)).text
    assert "Only the clerk who took this money" in client.post(address, follow=True).text
    client.force_login(staff_of(MANAGERS))
    assert address in client.get(page_of(booking)).text


@pytest.mark.usefixtures("clerk")
def test_what_is_to_be_handed_back_is_listed_at_its_cinema(
    client: Client, booking: Booking
) -> None:
    payment = take(make_user(is_staff=True), booking)
    refund = make_refund(payment, 25_000, state=Refund.State.MANUAL, next_try_at=None)
    address = reverse("bookings:counter-hand-back", args=[refund.uuid])
    cinema = booking.show.screen.cinema
    page = client.get("/counter/refunds/", {"cinema": cinema.slug}).text
    assert address in page
    assert "Meera Iyer" in page
    assert "Handed back ₹250" in page
    assert "Hand back <b>1</b>" in page
    assert address in client.get(page_of(booking)).text
    assert address not in client.get("/counter/refunds/", {"cinema": make_cinema().slug}).text
    client.post(address)
    page = client.post(address, follow=True).text
    assert "Noor handed back ₹250." in page
    refund.refresh_from_db()
    assert refund.state == "SUCCEEDED"
    assert client.post(reverse("bookings:counter-hand-back", args=[uuid4()])).status_code == 404


@pytest.mark.parametrize(
    ("role", "may_take", "may_look"),
    [
        (MANAGERS, True, True),
        (BOX_OFFICE, True, True),
        (READ_ONLY, False, True),
        (DOOR, False, False),
    ],
)
def test_each_role_opens_its_pages(
    client: Client, booking: Booking, role: str, may_take: bool, may_look: bool
) -> None:
    client.force_login(staff_of(role))
    for address in (HOME, page_of(booking), "/counter/refunds/"):
        assert client.get(address).status_code == (200 if may_take else 403), address
    for address in ("/counter/cash-up/", "/counter/cash-up/csv/"):
        assert client.get(address).status_code == (200 if may_look else 403), address


@pytest.mark.usefixtures("clerk")
def test_without_a_cinema_the_pages_say_so(client: Client) -> None:
    assert client.get(HOME).status_code == 200
    assert client.get("/counter/refunds/").status_code == 200
    assert client.get("/counter/cash-up/").status_code == 404


@pytest.mark.usefixtures("clerk")
def test_the_counter_may_use_the_camera(client: Client, booking: Booking) -> None:
    for address in (HOME, page_of(booking)):
        assert "camera=(self)" in client.get(address)["Permissions-Policy"]
