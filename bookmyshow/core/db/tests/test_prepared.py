import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from bookings import services
from bookings.errors import SeatsUnavailable
from bookmyshow.core.db.prepared import one_trip, prepared_cursor
from tests.support.factories import make_show, make_user


def stop_session(pid: int) -> None:
    """As an administrator does, or a server that is restarted."""

    def stop() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
        connections.close_all()

    stopping = threading.Thread(target=stop)
    stopping.start()
    stopping.join()


def lose_the_server_during_a_trip() -> None:
    with transaction.atomic(), one_trip(), prepared_cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        stop_session(pid)


@pytest.mark.django_db(transaction=True)
def test_a_server_that_goes_away_in_the_middle_of_a_trip_is_djangos_error() -> None:
    """Whoever asked is told that the site is not available, and not of a fault of ours."""
    try:
        with pytest.raises(OperationalError):
            lose_the_server_during_a_trip()
    finally:
        connection.close()


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
