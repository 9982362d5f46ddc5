from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F, ProtectedError

from bookings.models import Booking
from bookings.services import hold_seats
from shows.models import Show
from tests.support.constraints import drop, names_in, refused_by
from tests.support.factories import make_booking, make_show, make_user

pytestmark = pytest.mark.django_db
Attempt = Callable[[Booking], object]


def hold_with(**values: Any) -> Attempt:
    return lambda hold: Booking.objects.filter(pk=hold.pk).update(**values)


def copy_with(**values: Any) -> Attempt:
    """Another booking like the hold, but for these values."""

    def attempt(hold: Booking) -> Booking:
        fields = {f.attname: getattr(hold, f.attname) for f in Booking._meta.concrete_fields}
        return Booking.objects.create(**(fields | {"id": None, "reference": OTHER} | values))

    return attempt


def same_key_twice(hold: Booking) -> None:
    key = {"idempotency_key": "k", "idempotency_hash": "h"}
    hold_with(**key)(hold)
    copy_with(status="FAILED", ended_reason="released", **key)(hold)


def unknown_status(hold: Booking) -> None:
    # Two other rules know every status too, and the database names the first in the alphabet.
    drop(
        "bookings_booking",
        "booking_confirmed_at_when_confirmed",
        "booking_ended_reason_fits_status",
    )
    hold_with(status="LOST")(hold)


OTHER = "BMV0123456789AB"
CONFIRMED_AT = F("created_at") + timedelta(seconds=1)
CASES: list[tuple[str, Attempt]] = [
    (
        "booking_reference_unique",
        lambda hold: copy_with(reference=hold.reference, status="FAILED", ended_reason="released")(
            hold
        ),
    ),
    ("booking_reference_form", hold_with(reference="BMV0123456789AI")),
    ("booking_reference_form", hold_with(reference="BMV0123456789A")),
    ("booking_reference_form", hold_with(reference="bmv0123456789ab")),
    ("booking_one_hold_per_user_and_show", copy_with()),
    ("booking_idempotency_key_unique_per_user", same_key_twice),
    ("booking_idempotency_key_with_hash", hold_with(idempotency_key="k")),
    ("booking_idempotency_key_with_hash", hold_with(idempotency_hash="h")),
    ("booking_status_known", unknown_status),
    ("booking_seats_counted", hold_with(total_seats=3)),
    ("booking_seats_counted", hold_with(total_seats=0, seats=[], seat_prices=[], total_amount=0)),
    ("booking_seats_counted", hold_with(seat_prices=[Decimal(500)])),
    ("booking_amount_is_sum_of_prices", hold_with(total_amount=Decimal("499.99"))),
    ("booking_expires_after_creation", hold_with(expires_at=F("created_at"))),
    ("booking_confirmed_at_when_confirmed", hold_with(status="CONFIRMED")),
    ("booking_confirmed_at_when_confirmed", hold_with(confirmed_at=CONFIRMED_AT)),
    ("booking_confirmed_in_time", hold_with(status="CONFIRMED", confirmed_at=F("expires_at"))),
    ("booking_ended_reason_fits_status", hold_with(status="FAILED")),
    ("booking_ended_reason_fits_status", hold_with(ended_reason="lapsed")),
    ("booking_ended_reason_fits_status", hold_with(status="FAILED", ended_reason="customer")),
    (
        "booking_ended_reason_fits_status",
        hold_with(status="CANCELLED", confirmed_at=CONFIRMED_AT, ended_reason="lapsed"),
    ),
]


@pytest.fixture
def hold() -> Booking:
    """A hold of two seats at 250 each."""
    return hold_seats(user=make_user(), show_id=make_show().pk, labels=["A1", "A2"])


@pytest.mark.parametrize(("name", "attempt"), CASES)
def test_the_database_refuses(hold: Booking, name: str, attempt: Attempt) -> None:
    with refused_by(name):
        attempt(hold)


def test_every_constraint_is_seen_to_refuse() -> None:
    assert {name for name, _ in CASES} == names_in("bookings")


def test_a_key_is_unique_to_its_user_only(hold: Booking) -> None:
    key = {"idempotency_key": "k", "idempotency_hash": "h"}
    hold_with(**key)(hold)

    copy_with(user_id=make_user().pk, **key)(hold)


def test_a_second_hold_is_fine_once_the_first_is_over(hold: Booking) -> None:
    hold_with(status="FAILED", ended_reason="released")(hold)

    copy_with()(hold)


def test_a_seat_belongs_to_a_booking_that_exists(hold: Booking) -> None:
    with refused_by("shows_seat_booking_id_"):
        hold.show.seats.filter(label="A3").update(booking=10**9)


def test_a_buyer_can_not_be_deleted_from_under_a_booking() -> None:
    booking = make_booking(make_show(), ["A1"])

    with pytest.raises(ProtectedError):
        booking.user.delete()
    with pytest.raises(ProtectedError):
        Show.objects.get(pk=booking.show_id).delete()
