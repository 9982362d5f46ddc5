import logging
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from bookings import services
from bookings.integrity.checks import RULES
from bookings.models import Booking
from bookings.tasks import release_expired_holds
from shows.models import Seat, Show
from tests.support.factories import lapse, make_booking, make_show, make_user


def held(show: Show, *labels: str) -> Booking:
    return services.hold_seats(user=make_user(), show_id=show.pk, labels=labels)


@pytest.mark.django_db
def test_a_sweep_frees_lapsed_holds_and_leaves_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    show, other = make_show(), make_show()
    sold = make_booking(show, ["A1"])
    alive = held(show, "A2")
    gone = [held(show, "A3", "A4"), held(show, "B1"), held(other, "A1")]
    for booking in gone:
        lapse(booking)
    with caplog.at_level(logging.INFO):
        assert services.sweep_lapsed_holds() == 3
    for booking in gone:
        booking.refresh_from_db()
        assert (booking.status, booking.ended_reason) == (Booking.Status.FAILED, "lapsed")
        assert booking.reference in caplog.text
    for booking in (sold, alive):
        before = booking.status
        booking.refresh_from_db()
        assert booking.status == before
    assert Show.objects.get(pk=show.pk).available_seats == 48
    assert Show.objects.get(pk=other.pk).available_seats == 50
    assert services.sweep_lapsed_holds() == 0


@pytest.mark.django_db
def test_the_celery_task_is_the_same_sweep() -> None:
    booking = held(make_show(), "A1")
    lapse(booking)
    assert release_expired_holds.apply().get() == 1


@pytest.mark.django_db
def test_a_sweep_costs_the_same_for_one_hold_and_for_many_at_a_show() -> None:
    def statements(show: Show) -> int:
        with CaptureQueriesContext(connection) as queries:
            services.sweep_lapsed_holds()
        return len(queries)

    one, many = make_show(), make_show()
    lapse(held(one, "A1"))
    for_one = statements(one)
    for label in Seat.objects.filter(show=many).values_list("label", flat=True)[:20]:
        lapse(held(many, label))
    assert statements(many) == for_one


@pytest.mark.django_db(transaction=True)
def test_the_command_releases_and_its_dry_run_only_lists() -> None:
    booking = held(make_show(), "A1", "A2")
    lapse(booking)
    out = StringIO()
    call_command("release_expired_holds", "--dry-run", stdout=out)
    assert booking.reference in out.getvalue()
    assert "1 lapsed holds would be released" in out.getvalue()
    booking.refresh_from_db()
    assert booking.status == Booking.Status.PENDING
    out = StringIO()
    call_command("release_expired_holds", stdout=out)
    assert "Released 1 lapsed holds." in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_check_integrity_is_clean_after_sales_holds_swaps_and_lapses() -> None:
    show = make_show()
    user = make_user()
    make_booking(show, ["A1", "E1"])
    services.hold_seats(user=user, show_id=show.pk, labels=["B1"])
    services.hold_seats(user=user, show_id=show.pk, labels=["B1", "B2"])
    lapse(held(show, "C1"))
    out = StringIO()
    call_command("check_integrity", stdout=out)
    assert f"All {len(RULES)} invariants hold." in out.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE shows_show SET available_seats = available_seats - 1", "counts 47 free"),
        ("UPDATE shows_seat SET booking_id = NULL WHERE label = 'A1'", "owns {A2}"),
        (
            """UPDATE bookings_booking
               SET status = 'FAILED', ended_reason = 'lapsed', confirmed_at = NULL""",
            "points at",
        ),
        ("UPDATE bookings_booking SET seats = '{A1,A3}'", "lists {A1,A3}"),
    ],
)
def test_check_integrity_names_what_is_broken(damage: str, found: str) -> None:
    make_booking(make_show(), ["A1", "A2"])
    with connection.cursor() as cursor:
        cursor.execute(damage)
    out = StringIO()
    with pytest.raises(CommandError, match=f"breaches of {len(RULES)} invariants"):
        call_command("check_integrity", stdout=out)
    assert found in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_check_integrity_finds_a_seat_that_two_live_bookings_list() -> None:
    show = make_show()
    make_booking(show, ["A1"])
    second = make_booking(show, ["A2"])
    Booking.objects.filter(pk=second.pk).update(seats=["A1"])
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check_integrity", stdout=out)
    assert f"show {show.pk} seat A1 is in" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_that_hangs_stops_the_sweep_of_its_own_show_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck, quiet = make_show(), make_show()
    late, other = held(stuck, "A1"), held(quiet, "A1")
    locked, done = threading.Event(), threading.Event()

    def hang_while_confirming() -> None:
        with transaction.atomic():
            Booking.objects.select_for_update(no_key=True).get(pk=late.pk)
            locked.set()
            done.wait(300)
        connections.close_all()

    for booking in (late, other):
        lapse(booking)
    confirming = threading.Thread(target=hang_while_confirming)
    confirming.start()
    try:
        assert locked.wait(60)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        assert services.sweep_lapsed_holds() == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
        done.set()
        confirming.join()
    other.refresh_from_db()
    assert other.status == "FAILED"
    assert f"show {stuck.pk} stayed locked" in caplog.text
    assert services.sweep_lapsed_holds() == 1


@pytest.mark.django_db
def test_a_show_with_a_wrong_count_does_not_stop_the_sweep_of_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong, other = make_show(), make_show()
    lapse(held(wrong, "A1"))
    lapse(held(other, "A1"))
    # A hand in the database: one more seat free than there are, once this hold ends.
    Show.objects.filter(pk=wrong.pk).update(available_seats=wrong.total_seats)
    assert services.sweep_lapsed_holds() == 1
    assert Show.objects.get(pk=other.pk).available_seats == other.total_seats
    assert f"show {wrong.pk} can't be swept" in caplog.text
