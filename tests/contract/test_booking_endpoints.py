"""docs/api.md's booking endpoints over HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from accounts.tokens import issue_token
from bookings import services
from bookings.models import Admission, Booking
from bookmyshow.core.time import database_now
from shows.models import Seat, Show
from tests.support.api_client import Api, ApiInProcess, Caller, Reply
from tests.support.deployed_site import HOLD_MINUTES
from tests.support.factories import begin, lapse, make_booking, make_show, make_user
from tests.support.money import make_order, make_payment

BOOKING_FIELDS = {
    "id",
    "bookingReference",
    "showId",
    "movieTitle",
    "userId",
    "seats",
    "totalSeats",
    "totalAmount",
    "currency",
    "paymentStatus",
    "amountDue",
    "status",
    "endedReason",
    "createdAt",
    "expiresAt",
    "confirmedAt",
    "secondsRemaining",
}


def wanted(show: Show, *labels: str) -> dict[str, Any]:
    return {"showId": show.pk, "seats": [{"seatNumber": label} for label in labels]}


def hold(api: Caller, user: User, show: Show, *labels: str, **headers: str) -> Reply:
    return api.post("bookings", wanted(show, *labels), by=user, **headers)


def test_holding_seats_answers_a_booking(api: Api) -> None:
    user, show = make_user(), make_show()
    body = wanted(show, "E2", "A1")
    body["seats"][0]["seatType"] = "premium"
    reply = api.post("bookings", body, by=user)
    assert reply.status == 201
    data = reply.data
    assert data.keys() == BOOKING_FIELDS
    assert data["seats"] == ["A1", "E2"], "in plan order"
    assert (data["status"], data["endedReason"], data["confirmedAt"]) == ("PENDING", None, None)
    assert (data["totalSeats"], data["totalAmount"], data["currency"]) == (2, "650.00", "INR")
    assert (data["showId"], data["userId"]) == (show.pk, user.pk)
    least = Booking.objects.get().seconds_remaining(database_now())
    assert least <= data["secondsRemaining"] <= 60 * HOLD_MINUTES
    expires_at = datetime.fromisoformat(data["expiresAt"])
    assert expires_at - datetime.fromisoformat(data["createdAt"]) == timedelta(minutes=HOLD_MINUTES)
    assert expires_at.utcoffset() == timedelta(hours=5, minutes=30)


def test_seats_that_someone_has_are_named(api: Api) -> None:
    show = make_show()
    make_booking(show, ["A1", "A2"])
    reply = hold(api, make_user(), show, "A3", "A2", "A1")
    assert reply.problem == (409, "SEATS_UNAVAILABLE")
    assert reply.details == {"seats": ["A1", "A2"]}
    assert Seat.objects.filter(show=show, booking=None).count() == 48


def test_a_show_that_began_or_was_cancelled_cannot_be_booked(api: Api) -> None:
    begun, cancelled = make_show(), make_show()
    begin(begun)
    Show.objects.filter(pk=cancelled.pk).update(status="CANCELLED")
    for show in (begun, cancelled):
        assert hold(api, make_user(), show, "A1").problem == (409, "SHOW_NOT_BOOKABLE")


def test_a_show_that_is_locked_for_long_is_busy(api: Api) -> None:
    user, show = make_user(), make_show()
    with transaction.atomic():
        Show.objects.select_for_update().get(pk=show.pk)
        reply = hold(api, user, show, "A1")
    assert reply.problem == (409, "SHOW_BUSY")
    assert int(reply.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "seats",
    [
        [],
        None,
        "A1",
        ["A1"],
        [{}],
        [{"seatNumber": 1}],
        [{"seatNumber": ""}],
        [{"seatNumber": "Z99"}],
        [{"seatNumber": "A1\x00"}],
        [{"seatNumber": "A" * 12}],
        [{"seatNumber": "A1", "seatType": "sofa"}],
        [{"seatNumber": "A1", "seatType": "premium"}],
        [{"seatNumber": "A1"}, {"seatNumber": "A1"}],
        [{"seatNumber": f"{row}{number}"} for row in "AB" for number in range(1, 8)],
    ],
    ids=lambda seats: str(seats)[:40],
)
def test_seats_that_cannot_be_asked_for_are_refused(quick_api: ApiInProcess, seats: Any) -> None:
    reply = quick_api.post("bookings", {"showId": make_show().pk, "seats": seats}, by=make_user())
    assert reply.problem == (400, "VALIDATION_ERROR")


def test_there_is_no_such_show(quick_api: ApiInProcess) -> None:
    user = make_user()
    body: dict[str, Any] = {"showId": 4711, "seats": [{"seatNumber": "A1"}]}
    assert quick_api.post("bookings", body, by=user).problem == (404, "NOT_FOUND")
    for show_id in (0, -1, 2**63, "1", 1.5, True, None, [1]):
        body["showId"] = show_id
        assert quick_api.post("bookings", body, by=user).problem == (400, "VALIDATION_ERROR")


def test_other_seats_swap_the_hold_and_keep_its_end(api: Api) -> None:
    user, show = make_user(), make_show()
    first, same = hold(api, user, show, "A1"), hold(api, user, show, "A1")
    assert same.data["id"] == first.data["id"]
    second = hold(api, user, show, "B1")
    assert second.data["id"] != first.data["id"]
    assert second.data["expiresAt"] == first.data["expiresAt"]
    old = api.get(f"bookings/{first.data['id']}", by=user)
    assert (old.data["status"], old.data["endedReason"]) == ("FAILED", "swapped")


def test_an_idempotency_key_makes_one_booking(api: Api) -> None:
    user, show = make_user(), make_show()
    first = hold(api, user, show, "A1", Idempotency_Key="k1")
    api.call("DELETE", f"bookings/{first.data['id']}", by=user)
    again = hold(api, user, show, "A1", Idempotency_Key="k1")
    assert (again.status, again.data["id"]) == (201, first.data["id"])
    assert again.data["status"] == "FAILED", "it is the same booking, as it is now"
    other = hold(api, user, show, "A2", Idempotency_Key="k1")
    assert other.problem == (409, "IDEMPOTENCY_KEY_REUSED")
    assert hold(api, make_user(), show, "A2", Idempotency_Key="k1").status == 201


def test_an_idempotency_key_makes_one_booking_of_requests_at_once(api: Api) -> None:
    show, token = make_show(), issue_token(make_user())

    def post(_: int) -> Reply:
        return api.post("bookings", wanted(show, "A1"), by=token, Idempotency_Key="k")

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(post, range(16)))
    answers = {(reply.status, reply.data["id"]) for reply in replies}
    assert answers == {(201, Booking.objects.get().pk)}


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "a\tb", "k" * 129])
def test_a_bad_idempotency_key_is_refused(quick_api: ApiInProcess, key: str) -> None:
    reply = hold(quick_api, make_user(), make_show(), "A1", Idempotency_Key=key)
    assert reply.problem == (400, "VALIDATION_ERROR")
    assert list(reply.details) == ["Idempotency-Key"]


def test_confirming_makes_a_sale_and_again_changes_nothing(api: Api) -> None:
    user, show = make_user(), make_show()
    held = hold(api, user, show, "A1").data
    reply = api.call("PATCH", f"bookings/{held['id']}/confirm", by=user)
    assert (reply.status, reply.data["status"]) == (200, "CONFIRMED")
    assert reply.data["secondsRemaining"] == 0
    assert reply.data["confirmedAt"].endswith("+05:30")
    assert api.call("PATCH", f"bookings/{held['id']}/confirm", by=user).data == reply.data


def test_confirming_too_late_fails(api: Api) -> None:
    booking = services.hold_seats(user=make_user(), show_id=make_show().pk, labels=["A1"])
    lapse(booking)
    reply = api.call("PATCH", f"bookings/{booking.pk}/confirm", by=booking.user)
    assert reply.problem == (409, "BOOKING_EXPIRED")
    read = api.get(f"bookings/{booking.pk}", by=booking.user).data
    assert (read["status"], read["endedReason"]) == ("FAILED", "lapsed")
    assert read["secondsRemaining"] == 0


def test_a_booking_that_is_over_cannot_be_confirmed(api: Api) -> None:
    booking = make_booking(make_show(), ["A1"])
    services.cancel_booking(user=booking.user, reference=booking.reference)
    reply = api.call("PATCH", f"bookings/{booking.pk}/confirm", by=booking.user)
    assert reply.problem == (409, "BOOKING_NOT_PENDING")


def test_giving_back_lets_a_hold_go_and_cancels_a_sale(api: Api) -> None:
    user, show = make_user(), make_show()
    held = hold(api, user, show, "A1").data
    reply = api.call("DELETE", f"bookings/{held['id']}", by=user)
    assert reply.status == 200
    assert (reply.data["status"], reply.data["endedReason"]) == ("FAILED", "released")
    assert api.call("DELETE", f"bookings/{held['id']}", by=user).data == reply.data
    sold = make_booking(show, ["A1"], user=user)
    cancelled = api.call("DELETE", f"bookings/{sold.pk}", by=user).data
    assert (cancelled["status"], cancelled["endedReason"]) == ("CANCELLED", "customer")
    assert cancelled["seats"] == ["A1"]


def test_a_sale_stays_once_the_show_began(api: Api) -> None:
    booking = make_booking(make_show(), ["A1"])
    begin(booking.show)
    reply = api.call("DELETE", f"bookings/{booking.pk}", by=booking.user)
    assert reply.problem == (409, "SHOW_NOT_BOOKABLE")


def test_a_ticket_that_was_used_at_the_door_stays(api: Api) -> None:
    booking = make_booking(make_show(), ["A1"])
    Admission.objects.create(
        show_id=booking.show_id,
        booking=booking,
        admitted_at=database_now(),
        admitted_by=make_user(is_staff=True),
    )
    reply = api.call("DELETE", f"bookings/{booking.pk}", by=booking.user)
    assert reply.problem == (409, "BOOKING_NOT_PENDING")
    document = api.get("openapi.json").json["paths"]["/api/bookings/{id}"]["delete"]
    assert "BOOKING_NOT_PENDING" in json.dumps(document["responses"]["409"])


def test_a_booking_is_read_by_its_owner_and_by_admins(api: Api) -> None:
    booking, admin = make_booking(make_show(), ["A1"]), make_user(is_superuser=True)
    by_reference = f"bookings/reference/{booking.reference}"
    reply = api.get(f"bookings/{booking.pk}", by=booking.user)
    assert (reply.status, reply.data.keys()) == (200, BOOKING_FIELDS)
    assert reply.data["bookingReference"] == booking.reference
    lower = f"bookings/reference/{booking.reference.lower()}"
    for path in (f"bookings/{booking.pk}", by_reference, lower):
        assert api.get(path, by=admin).data == api.get(path, by=booking.user).data == reply.data


def test_someone_elses_booking_is_not_found(api: Api) -> None:
    booking, stranger = make_booking(make_show(), ["A1"]), make_user()
    admin = make_user(is_superuser=True)
    changes = [("PATCH", f"bookings/{booking.pk}/confirm"), ("DELETE", f"bookings/{booking.pk}")]
    reads = [f"bookings/{booking.pk}", f"bookings/reference/{booking.reference}"]
    for method, path in [*changes, *[("GET", path) for path in reads]]:
        assert api.call(method, path, by=stranger).problem == (404, "NOT_FOUND")
    for method, path in changes:
        assert api.call(method, path, by=admin).status == 404, "admins read, and no more"
    for path in ("bookings/4711", f"bookings/{2**64}", "bookings/reference/BMV0", "bookings/0"):
        assert api.get(path, by=booking.user).problem == (404, "NOT_FOUND")
    assert api.get("bookings/reference/%00", by=booking.user).status == 400


def test_own_bookings_are_listed_newest_first_by_status(api: Api) -> None:
    user = make_user()
    sold = make_booking(make_show(), ["A1"], user=user)
    lapsed = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    lapse(lapsed)
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    make_booking(make_show(), ["A1"])

    def listed(query: str = "") -> list[int]:
        return [booking["id"] for booking in api.get(f"auth/bookings{query}", by=user).data]

    assert listed() == [held.pk, sold.pk, lapsed.pk]
    assert listed("?status=PENDING") == [held.pk]
    assert listed("?status=FAILED") == [lapsed.pk], "it ran out, swept or not"
    assert listed("?status=CONFIRMED") == [sold.pk]
    assert listed("?status=CANCELLED") == []
    assert listed("?limit=1&page=2") == [sold.pk]
    assert api.get("auth/bookings?status=confirmed", by=user).problem[0] == 400
    assert api.get("auth/bookings", by=user).data[0].keys() == BOOKING_FIELDS


@pytest.mark.django_db
def test_own_bookings_cost_the_same_however_many_they_are(
    client: Client, django_assert_num_queries: Any
) -> None:
    user = make_user()
    headers = {"Authorization": f"Bearer {issue_token(user)}"}
    for number in range(4):
        booking = make_booking(make_show(), ["A1"], user=user)
        make_payment(make_order(booking, state="PAID"), "CAPTURED")
        with django_assert_num_queries(5):
            found = client.get("/api/auth/bookings", headers=headers).json()["data"]
        assert len(found) == number + 1
