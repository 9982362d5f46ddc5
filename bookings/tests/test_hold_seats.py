from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import services
from bookings.errors import (
    IdempotencyKeyReused,
    InvalidSeats,
    SeatsUnavailable,
    ShowNotBookable,
    ShowNotFound,
)
from bookings.models import Booking
from shows.models import Seat, Show
from tests.support.factories import begin, hall, lapse, make_booking, make_show, make_user

pytestmark = pytest.mark.django_db


def owned(booking: Booking) -> list[str]:
    return list(
        Seat.objects.filter(booking=booking).in_plan_order().values_list("label", flat=True)
    )


def available(show: Show) -> int:
    return Show.objects.get(pk=show.pk).available_seats


def test_a_hold_takes_its_seats_for_two_minutes_at_the_prices_of_the_moment() -> None:
    show = make_show()
    booking = services.hold_seats(user=make_user(), show_id=show.pk, labels=["E1", "A2"])

    assert booking.status == Booking.Status.PENDING
    assert booking.seats == ["A2", "E1"], "plan order, not the order asked for"
    assert booking.seat_prices == [Decimal(250), Decimal(400)]
    assert booking.total_amount == Decimal(650)
    assert booking.expires_at - booking.created_at == timedelta(minutes=2)
    assert owned(booking) == booking.seats
    assert available(show) == show.total_seats - 2

    Show.objects.filter(pk=show.pk).update(standard_price=900)
    booking.refresh_from_db()
    assert booking.total_amount == Decimal(650)


def test_a_conflict_holds_nothing_and_names_the_seats_that_were_lost() -> None:
    show = make_show()
    make_booking(show, ["A1", "A2"])
    with pytest.raises(SeatsUnavailable) as error:
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["A3", "A2", "A1"])
    assert error.value.labels == ["A1", "A2"]
    assert available(show) == show.total_seats - 2


def test_ten_seats_work_and_eleven_do_not() -> None:
    show = make_show(hall(1, 20))
    user = make_user()
    labels = [f"R1-{number}" for number in range(1, 12)]
    with pytest.raises(InvalidSeats, match="at most 10 seats; you chose 11"):
        services.hold_seats(user=user, show_id=show.pk, labels=labels)
    assert services.hold_seats(user=user, show_id=show.pk, labels=labels[:10]).total_seats == 10


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "at least one seat"),
        (["A1", "A1"], "each seat once"),
        (["A1", "Z9"], "no seat Z9"),
        (["a1"], "no seat a1"),
        (["A1\x00"], "no seat"),
        (["A" * 5_000], "no seat"),
    ],
)
def test_seats_that_make_no_sense_are_refused(labels: list[str], message: str) -> None:
    show = make_show()
    with pytest.raises(InvalidSeats, match=message):
        services.hold_seats(user=make_user(), show_id=show.pk, labels=labels)
    assert available(show) == show.total_seats


def test_a_show_that_began_or_was_cancelled_or_is_not_there_cannot_be_booked() -> None:
    user = make_user()
    show = make_show()
    begin(show)
    with pytest.raises(ShowNotBookable, match="already begun"):
        services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    cancelled = make_show()
    Show.objects.filter(pk=cancelled.pk).update(status=Show.Status.CANCELLED)
    with pytest.raises(ShowNotBookable, match="cancelled"):
        services.hold_seats(user=user, show_id=cancelled.pk, labels=["A1"])
    with pytest.raises(ShowNotFound):
        services.hold_seats(user=user, show_id=2**40, labels=["A1"])


def test_holding_the_same_seats_again_returns_the_same_booking() -> None:
    show = make_show()
    user = make_user()
    first = services.hold_seats(user=user, show_id=show.pk, labels=["A1", "A2"])
    again = services.hold_seats(user=user, show_id=show.pk, labels=["A2", "A1"])
    assert again.pk == first.pk
    assert Booking.objects.count() == 1


def test_other_seats_swap_the_hold_and_keep_its_time() -> None:
    show = make_show()
    user = make_user()
    old = services.hold_seats(user=user, show_id=show.pk, labels=["A1", "A2"])
    new = services.hold_seats(user=user, show_id=show.pk, labels=["A2", "A3"])
    old.refresh_from_db()
    assert (old.status, old.ended_reason) == (Booking.Status.FAILED, "swapped")
    assert new.expires_at == old.expires_at
    assert owned(new) == ["A2", "A3"]
    assert owned(old) == []
    assert available(show) == show.total_seats - 2


def test_a_swap_that_cannot_be_had_keeps_the_old_hold() -> None:
    show = make_show()
    user = make_user()
    old = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    make_booking(show, ["A2"])
    with pytest.raises(SeatsUnavailable):
        services.hold_seats(user=user, show_id=show.pk, labels=["A2", "A3"])
    old.refresh_from_db()
    assert old.status == Booking.Status.PENDING
    assert owned(old) == ["A1"]


def test_holds_at_two_shows_do_not_disturb_each_other() -> None:
    user = make_user()
    first, second = make_show(), make_show()
    a = services.hold_seats(user=user, show_id=first.pk, labels=["A1"])
    b = services.hold_seats(user=user, show_id=second.pk, labels=["A1"])
    a.refresh_from_db()
    assert a.status == b.status == Booking.Status.PENDING


def test_a_lapsed_hold_is_taken_over_whole_without_any_sweep() -> None:
    show = make_show()
    late = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1", "A2", "A3"])
    lapse(late)
    taken = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A2"])
    late.refresh_from_db()
    assert (late.status, late.ended_reason) == (Booking.Status.FAILED, "lapsed")
    assert owned(late) == []
    assert owned(taken) == ["A2"]
    assert available(show) == show.total_seats - 1, "its other seats are free too"


def test_a_hold_takes_over_of_many_at_once_and_swaps_its_own() -> None:
    show, user = make_show(), make_user()
    late = [
        services.hold_seats(user=make_user(), show_id=show.pk, labels=[f"{row}1", f"{row}2"])
        for row in "ABC"
    ]
    own = services.hold_seats(user=user, show_id=show.pk, labels=["D1", "D2"])
    for booking in late:
        lapse(booking)
    taken = services.hold_seats(user=user, show_id=show.pk, labels=["A1", "B1", "C1", "D1"])
    assert owned(taken) == ["A1", "B1", "C1", "D1"]
    assert [owned(booking) for booking in [*late, own]] == [[], [], [], []]
    assert available(show) == show.total_seats - 4
    reasons = [Booking.objects.get(pk=b.pk).ended_reason for b in [*late, own]]
    assert reasons == ["lapsed", "lapsed", "lapsed", "swapped"]


def test_a_person_can_hold_again_after_their_hold_lapsed() -> None:
    show = make_show()
    user = make_user()
    old = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    lapse(old)
    new = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    old.refresh_from_db()
    assert (old.status, old.ended_reason) == (Booking.Status.FAILED, "lapsed")
    assert new.pk != old.pk
    assert new.expires_at - new.created_at == timedelta(minutes=2)


def test_the_same_key_and_request_make_one_booking_even_when_it_is_over() -> None:
    show = make_show()
    user = make_user()
    first = services.hold_seats(
        user=user, show_id=show.pk, labels=["A1", "A2"], idempotency_key="k1"
    )
    services.confirm_booking(user=user, reference=first.reference)
    replay = services.hold_seats(
        user=user, show_id=show.pk, labels=["A2", "A1"], idempotency_key="k1"
    )
    assert replay.pk == first.pk
    services.cancel_booking(user=user, reference=first.reference)
    ended = services.hold_seats(
        user=user, show_id=show.pk, labels=["A1", "A2"], idempotency_key="k1"
    )
    assert (ended.pk, ended.status) == (first.pk, Booking.Status.CANCELLED)
    assert Booking.objects.count() == 1


def test_the_same_key_with_another_request_is_refused() -> None:
    show, other = make_show(), make_show()
    user = make_user()
    services.hold_seats(user=user, show_id=show.pk, labels=["A1"], idempotency_key="k1")
    with pytest.raises(IdempotencyKeyReused):
        services.hold_seats(user=user, show_id=show.pk, labels=["A2"], idempotency_key="k1")
    with pytest.raises(IdempotencyKeyReused):
        services.hold_seats(user=user, show_id=other.pk, labels=["A1"], idempotency_key="k1")
    someone_else = services.hold_seats(
        user=make_user(), show_id=other.pk, labels=["A1"], idempotency_key="k1"
    )
    assert someone_else.status == Booking.Status.PENDING


@pytest.mark.parametrize("count", [1, 2, 10])
def test_a_hold_is_four_statements_whatever_the_number_of_seats(count: int) -> None:
    show = make_show(hall(20, 25))
    user = make_user()
    labels = [f"R1-{number}" for number in range(1, count + 1)]
    with CaptureQueriesContext(connection) as queries:
        services.hold_seats(user=user, show_id=show.pk, labels=labels)
    said = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(said) == 4, said
    assert "pg_advisory_xact_lock" in said[0]
    assert "show_id <>" in said[1], "what needs all shows is read before a show is locked"
    assert "FOR NO KEY UPDATE" in said[2]
    assert said[2].count("JOIN") == 0, "the third statement locks the show's row, alone"


def test_the_length_of_a_hold_is_a_setting(settings: Any) -> None:
    settings.BOOKING_EXPIRY_MINUTES = 7
    booking = services.hold_seats(user=make_user(), show_id=make_show().pk, labels=["A1"])
    assert booking.expires_at - booking.created_at == timedelta(minutes=7)


def test_the_most_seats_of_a_booking_is_a_setting(settings: Any) -> None:
    settings.MAX_SEATS_PER_BOOKING = 1
    with pytest.raises(InvalidSeats, match="at most 1 "):
        services.hold_seats(user=make_user(), show_id=make_show().pk, labels=["A1", "A2"])


def test_the_same_key_of_another_person_on_a_lapsed_hold_does_not_matter() -> None:
    show, buyer = make_show(), make_user()
    strangers = services.hold_seats(
        user=make_user(), show_id=show.pk, labels=["A1"], idempotency_key="1"
    )
    lapse(strangers)
    booking = services.hold_seats(user=buyer, show_id=show.pk, labels=["A1"], idempotency_key="1")
    assert booking.user == buyer
    assert booking.pk != strangers.pk


@pytest.mark.django_db(transaction=True)
def test_a_refusal_of_taken_seats_keeps_what_the_server_has_prepared() -> None:
    show, others = make_show(), make_show()
    for label in ("A1", "A2", "A3"):
        services.hold_seats(user=make_user(), show_id=others.pk, labels=[label])
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    before = prepared()
    with pytest.raises(SeatsUnavailable):
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert before > 0
    assert prepared() >= before


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        (count,) = cursor.fetchone()
    return int(count)
