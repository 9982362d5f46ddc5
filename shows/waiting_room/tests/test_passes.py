"""A hold at a show on sale needs a pass: at the service, at the API and on the page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from bookings import services as bookings
from bookings.models import Booking
from shows.models import Show
from shows.waiting_room import passes, services
from shows.waiting_room.errors import (
    PassExpired,
    PassInvalid,
    PassMissing,
    PassRequired,
    PassUsed,
    SaleClosed,
)
from shows.waiting_room.models import OnSale, Place
from tests.support.api_client import ApiInProcess, Reply
from tests.support.factories import make_show, make_user
from tests.support.on_sale import admit_now, open_sale, pass_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def sale(show: Show) -> OnSale:
    return open_sale(show)


@pytest.fixture
def api(client: Client) -> ApiInProcess:
    return ApiInProcess(client)


@pytest.fixture
def buyer() -> User:
    return make_user("buyer@example.com")


def forged(sale: OnSale, buyer: User) -> str:
    good = pass_of(sale, buyer)
    end = int((timezone.now() + timedelta(days=1)).timestamp())
    return f"{sale.pk}-{buyer.pk}-{end}.{good.rpartition('.')[2]}"


def shared(sale: OnSale, buyer: User) -> str:
    return pass_of(sale, make_user())


def of_another_sale(sale: OnSale, buyer: User) -> str:
    return pass_of(open_sale(make_show()), buyer)


def expired(sale: OnSale, buyer: User) -> str:
    return passes.make(sale.pk, buyer.pk, timezone.now() - timedelta(seconds=1))


def garbage(sale: OnSale, buyer: User) -> str:
    return "x" * 5000


BAD = [
    (lambda _sale, _buyer: "", PassMissing),
    (forged, PassInvalid),
    (shared, PassInvalid),
    (of_another_sale, PassInvalid),
    (expired, PassExpired),
    (garbage, PassInvalid),
]
Make = Callable[[OnSale, User], str]
each_bad_pass = pytest.mark.parametrize(
    ("bad", "error"), BAD, ids=["none", "forged", "shared", "of another sale", "expired", "garbage"]
)


@each_bad_pass
def test_the_service_refuses_a_pass_that_is_not_good(
    show: Show, sale: OnSale, buyer: User, bad: Make, error: type[PassRequired]
) -> None:
    given = bad(sale, buyer)
    with pytest.raises(error):
        bookings.hold_seats(
            user=buyer, show_id=show.pk, labels=["A1"], passes=[given] if given else []
        )
    with pytest.raises(error):
        passes.check(given, sale.pk, buyer.pk, timezone.now())
    assert not Booking.objects.exists()


def test_the_service_takes_the_pass_of_the_person_and_on_sale(
    show: Show, sale: OnSale, buyer: User
) -> None:
    own = pass_of(sale, buyer)
    others = [shared(sale, buyer), of_another_sale(sale, buyer)]
    held = bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A1"], passes=[*others, own])
    assert held.seats == ["A1"]
    # The same seats again change nothing, so they need no pass; other seats do.
    assert bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A1"]) == held
    with pytest.raises(PassMissing):
        bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A2"])
    swapped = bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A2"], passes=[own])
    assert swapped.seats == ["A2"]


def test_a_turn_ends_with_a_purchase_and_a_new_one_gives_a_new_pass(
    show: Show, sale: OnSale, buyer: User
) -> None:
    """Who has bought does not count any more (`active_cap`), so they can hold nothing more."""
    own = pass_of(sale, buyer)
    for label in ("A1", "A2"):
        held = bookings.hold_seats(user=buyer, show_id=show.pk, labels=[label], passes=[own])
        bookings.confirm_booking(user=buyer, reference=held.reference)
        assert Place.objects.active().count() == 1, "until the leader sees the purchase"
    services.admit(sale.pk)
    assert Place.objects.get().outcome == "BOUGHT"
    with pytest.raises(PassUsed):
        bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A3"], passes=[own])
    again = services.join(sale.pk, buyer)
    with pytest.raises(PassUsed):
        bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A3"], passes=[own])
    assert admit_now(sale, 1) == 1
    new = services.enter(again)
    assert bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A3"], passes=[new])


def test_the_box_office_needs_no_pass_also_when_the_sale_is_closed(
    show: Show, sale: OnSale
) -> None:
    clerk = staff_of("box office")
    assert bookings.hold_seats(user=clerk, show_id=show.pk, labels=["A1"])
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=clerk)
    assert bookings.hold_seats(user=clerk, show_id=show.pk, labels=["A2"])


@pytest.mark.parametrize("role", ["door", "read-only"])
def test_other_staff_need_a_pass(show: Show, sale: OnSale, role: str) -> None:
    person = staff_of(role)
    with pytest.raises(PassMissing):
        bookings.hold_seats(user=person, show_id=show.pk, labels=["A1"])
    own = pass_of(sale, person)
    held = bookings.hold_seats(user=person, show_id=show.pk, labels=["A1"], passes=[own])
    with pytest.raises(PassMissing):
        bookings.hold_seats(user=person, show_id=show.pk, labels=["A2"])
    assert Booking.objects.get() == held


def staff_of(role: str) -> User:
    person = make_user(is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    return person


def test_a_closed_sale_refuses_a_good_pass_and_confirms_what_is_held(
    show: Show, sale: OnSale, buyer: User
) -> None:
    own = pass_of(sale, buyer)
    held = bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A1"], passes=[own])
    other = make_user()
    of_other = pass_of(sale, other)
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=make_user(is_staff=True))
    # The fast path refuses the one, who holds nothing, and the slow path the other.
    with pytest.raises(SaleClosed):
        bookings.hold_seats(user=other, show_id=show.pk, labels=["A2"], passes=[of_other])
    with pytest.raises(SaleClosed):
        bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A2"], passes=[own])
    assert bookings.confirm_booking(user=buyer, reference=held.reference).status == "CONFIRMED"


def test_a_sale_that_is_off_needs_no_pass(show: Show, sale: OnSale, buyer: User) -> None:
    services.switch_sale(on_sale_id=sale.pk, mode="OFF", by=make_user(is_staff=True))
    assert bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A1"])


@each_bad_pass
def test_the_api_refuses_a_pass_that_is_not_good(
    api: ApiInProcess,
    show: Show,
    sale: OnSale,
    buyer: User,
    bad: Make,
    error: type[PassRequired],
) -> None:
    reply = hold(api, buyer, show, bad(sale, buyer))
    assert reply.problem == (403, "PASS_REQUIRED")
    assert reply.json["error"]["message"] == error.message
    address = f"/waiting-room/{sale.pk}/"
    assert reply.details == {"waitingRoom": address, "waitingRoomId": sale.pk}
    assert not Booking.objects.exists()


def test_the_api_takes_a_pass(api: ApiInProcess, show: Show, sale: OnSale, buyer: User) -> None:
    own = pass_of(sale, buyer)
    assert hold(api, buyer, show, own).status == 201
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=make_user(is_staff=True))
    assert hold(api, buyer, show, own, "A2").problem == (409, "SALE_CLOSED")


def hold(api: ApiInProcess, buyer: User, show: Show, on_sale_pass: str, label: str = "A1") -> Reply:
    body = {"showId": show.pk, "seats": [{"seatNumber": label}]}
    return api.post("bookings", body, by=buyer, **{passes.HEADER: on_sale_pass})


@each_bad_pass
def test_the_page_sends_people_without_a_good_pass_to_the_waiting_room(
    client: Client, show: Show, sale: OnSale, buyer: User, bad: Make, error: type[PassRequired]
) -> None:
    client.force_login(buyer)
    client.cookies[f"{passes.COOKIE}{sale.pk}"] = bad(sale, buyer)
    answer = client.post(reverse("bookings:hold", args=[show.pk]), {"seat": "A1"})
    where = "" if error is PassMissing else "place/"
    assert (answer.status_code, answer["Location"]) == (302, f"/waiting-room/{sale.pk}/{where}")
    if where:
        page = client.get(answer["Location"]).content.decode()
        assert error.message in page, "their own page there says why"
    assert not Booking.objects.exists()


def test_a_guest_goes_to_the_waiting_room(client: Client, show: Show, sale: OnSale) -> None:
    answer = client.post(reverse("bookings:hold", args=[show.pk]), {"seat": "A1"})
    assert answer["Location"] == f"/waiting-room/{sale.pk}/"


def test_the_page_takes_a_pass(client: Client, show: Show, sale: OnSale, buyer: User) -> None:
    client.force_login(buyer)
    client.cookies[f"{passes.COOKIE}{sale.pk}"] = pass_of(sale, buyer)
    client.post(reverse("bookings:hold", args=[show.pk]), {"seat": "A1"})
    assert Booking.objects.get().seats == ["A1"]


def test_a_closed_sale_says_so_on_the_map(
    client: Client, show: Show, sale: OnSale, buyer: User
) -> None:
    client.force_login(buyer)
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=make_user(is_staff=True))
    headers = {"HX-Request": "true"}
    answer = client.post(reverse("bookings:hold", args=[show.pk]), {"seat": "A1"}, headers=headers)
    assert answer.status_code == 409
    assert "has closed this sale" in answer.content.decode()


def test_a_pass_is_for_scripts_of_nobody(sale: OnSale, buyer: User) -> None:
    response = HttpResponse()
    own = pass_of(sale, buyer)
    passes.set_cookie(response, own, secure=True)
    cookie = response.cookies[f"{passes.COOKIE}{sale.pk}"]
    assert cookie.value == own
    assert cookie["httponly"]
    assert cookie["secure"]
