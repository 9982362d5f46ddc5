from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from bookings.models import Booking
from shows.models import Seat, Show
from tests.support.factories import make_booking, make_show

pytestmark = pytest.mark.django_db(transaction=True)


def check(*arguments: str) -> str:
    output = StringIO()
    call_command("check_integrity", *arguments, stdout=output)
    return output.getvalue()


def test_a_correct_database_passes() -> None:
    make_booking(make_show(), ["A1"])
    assert "invariants hold" in check()


def test_a_breach_fails_and_fix_puts_it_right() -> None:
    show = make_show()
    booking = make_booking(show, ["A1", "A2"])
    Seat.objects.filter(show=show, label="A1").update(booking=None)
    Seat.objects.filter(show=show, label="B1").update(booking=booking)
    Show.objects.filter(pk=show.pk).update(available_seats=3)
    with pytest.raises(CommandError, match="breaches"):
        check()
    assert f"show {show.pk} would be repaired" in check("--fix", "--dry-run")
    with pytest.raises(CommandError):
        check()
    fixed = check("--fix")
    assert f"show {show.pk}: 2 seats repaired" in fixed
    assert "invariants hold" in fixed
    owned = Seat.objects.filter(booking=booking).values_list("label", flat=True)
    assert sorted(owned) == ["A1", "A2"]


def test_seats_of_an_ended_booking_are_freed() -> None:
    show = make_show()
    booking = make_booking(show, ["A1"])
    Booking.objects.filter(pk=booking.pk).update(status="CANCELLED", ended_reason="customer")
    assert "invariants hold" in check("--fix")
    assert Seat.objects.get(show=show, label="A1").booking is None


def test_a_seat_sold_twice_stays_with_the_first_and_the_other_is_named() -> None:
    show = make_show()
    first, second = make_booking(show, ["A1"]), make_booking(show, ["A2"])
    Booking.objects.filter(pk=second.pk).update(seats=["A1"])
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("check_integrity", "--fix", stdout=output)
    assert f"{second.reference} A1 is another booking's" in output.getvalue()
    assert Seat.objects.get(show=show, label="A1").booking == first
