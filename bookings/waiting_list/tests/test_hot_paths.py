"""The waiting list adds no statement to a hold, a confirmation or a sweep (decision 20)."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import services
from bookings.models import Booking
from shows.models import Show
from tests.support.factories import hall, lapse, make_booking, make_show, make_user
from tests.support.waiting_list import join, line_of

pytestmark = pytest.mark.django_db


def statements(work: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        work()
    return [str(query["sql"]) for query in queries]


def hold(show: Show, *labels: str) -> Booking:
    return services.hold_seats(user=make_user(), show_id=show.pk, labels=labels)


def show_with_a_line() -> Show:
    """Two single seats are free, which fit nobody: one person waits for two side by side."""
    show = make_show(hall(1, 3))
    make_booking(show, ["R1-2"])
    join(show, seats=2)
    return show


def show_without_a_line() -> Show:
    show = make_show(hall(1, 3))
    make_booking(show, ["R1-2"])
    return show


def test_a_hold_of_free_seats_has_the_same_statements_while_people_wait() -> None:
    counts = []
    for show in (show_without_a_line(), show_with_a_line()):
        user = make_user()
        found = statements(
            partial(services.hold_seats, user=user, show_id=show.pk, labels=["R1-1"])
        )
        assert not any("waiting_entry" in sql for sql in found)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_a_confirmation_has_the_same_statements_while_people_wait() -> None:
    counts = []
    for show in (show_without_a_line(), show_with_a_line()):
        held = hold(show, "R1-1")
        found = statements(
            partial(services.confirm_booking, user=held.user, reference=held.reference)
        )
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_a_sweep_asks_nothing_more_if_nobody_waits() -> None:
    show = show_without_a_line()
    lapse(hold(show, "R1-1"))
    found = [sql for sql in statements(services.sweep_lapsed_holds) if "SAVEPOINT" not in sql]
    # Which shows have lapsed holds; the show's lock; the sweep of the show.
    assert len([sql for sql in found if "lock_timeout" not in sql]) == 3, found


def test_what_a_release_and_a_take_over_cost_if_nobody_waits() -> None:
    show = show_without_a_line()
    held = hold(show, "R1-1")
    found = statements(lambda: services.release_hold(user=held.user, reference=held.reference))
    assert sum("waiting_entry" in sql for sql in found) == 1
    lapse(hold(show, "R1-3"))
    found = statements(lambda: hold(show, "R1-3"))
    # In the statement that reads what blocks the hold.
    assert [sql for sql in found if "waiting_entry" in sql] == [
        sql for sql in found if "is_waited_for" in sql
    ]
    assert line_of(show) == []
