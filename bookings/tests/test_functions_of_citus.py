"""The stored functions of ops/citus do what the statements of the hot paths do (docs/sharding.md).

They run here on plain PostgreSQL. Each situation is drawn by chance; the statement and the function
run in it, each in a savepoint that is undone. Lists of tables are compared with the models.
"""

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from bookings import confirmation, holds_sql, on_citus, sweep
from bookings.hold_limits import HoldLimits, person_elsewhere_statement
from bookings.models import Booking
from bookings.waiting_list.models import Entry
from bookmyshow.core.db.in_show import OfShow
from bookmyshow.core.time import database_now
from shows.models import Seat, Show
from tests.support.factories import make_booking, make_show, make_user

# The same situations each time, so that both outcomes are among them.
SEED = 14
FILES = Path(__file__).parents[2] / "ops" / "citus"
LABELS = ["A1", "A2", "A3", "B1"]
TIMES = {"id", "reference", "created_at", "updated_at", "confirmed_at", "expires_at", "booking_id"}


def sql(name: str) -> str:
    return (FILES / name).read_text()


@pytest.fixture
def functions(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql("4_functions.sql").replace("%", "%%"), ())


def tables(call: str, text: str) -> list[str]:
    return re.findall(rf"{call}\('(\w+)'", text)


def test_every_table_of_a_show_is_divided_by_it() -> None:
    divided = {m._meta.db_table for m in apps.get_models() if issubclass(m, (Show, OfShow))}
    text = sql("3_tables.sql")
    assert set(tables("create_distributed_table", text)) == divided
    assert set(re.findall(r"'(\w+)', 'show_id', colocate_with => 'shows_show'", text)) == (
        divided - {"shows_show"}
    )
    listed = re.search(r"ARRAY\[([^]]+)\] AS divided", sql("2_before.sql"))
    assert listed
    assert set(re.findall(r"'(\w+)'", listed[1])) == divided


def test_reference_tables_are_those_of_films_and_screens() -> None:
    listed = re.search(r"ARRAY\[([^]]+)\] AS copied", sql("2_before.sql"))
    assert listed
    copied = set(tables("create_reference_table", sql("3_tables.sql")))
    assert copied == set(re.findall(r"'(\w+)'", listed[1]))
    assert {"movies_movie", "shows_cinema", "shows_screen"} < copied


@pytest.mark.django_db
def test_every_trigger_that_is_dropped_is_there() -> None:
    dropped = set(re.findall(r"^DROP TRIGGER (\w+) ON (\w+);", sql("2_before.sql"), re.M))
    assert len(dropped) > 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname, tgrelid::regclass::text FROM pg_trigger")
        assert dropped <= set(cursor.fetchall())


def state(show: Show, now: Any) -> Any:
    """Everything of the show that a statement may change, without what is new each time."""
    people = {b.pk: b.user_id for b in Booking.objects.filter(show=show)}
    seats = Seat.objects.filter(show=show).values_list("label", "booking_id")
    bookings = [
        {k: v for k, v in row.items() if k not in TIMES}
        for row in Booking.objects.filter(show=show).order_by("pk").values()
    ]
    entries = list(Entry.objects.filter(show=show).order_by("pk").values_list("pk", "state"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, user_id, show, priority FROM outbox_message ORDER BY 2")
        told = cursor.fetchall()
    free = Show.objects.get(pk=show.pk).available_seats
    return bookings, {label: people.get(pk) for label, pk in seats}, free, entries, told


def after(statement: str, values: dict[str, Any], show: Show, read: list[int]) -> Any:
    """What the statement returns and leaves; then it is undone. `read`: the columns to compare."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = [[row[i] for i in read] for row in cursor.fetchall()]
        result = sorted(rows), state(show, None)
        transaction.set_rollback(True)
    return result


def situations(count: int) -> Iterator[tuple[random.Random, Show, list[Any]]]:
    """A show with holds, lapsed holds, sales and people who wait, drawn by chance."""
    chance = random.Random(SEED)
    people = [make_user() for _ in range(4)]
    for _ in range(count):
        show, now = make_show(), timezone.now()
        for user, label in zip(people, chance.sample(LABELS, 4), strict=True):
            kind = chance.choice(["", "", "", "held", "lapsed", "sold"])
            if not kind:
                continue
            booking = make_booking(show, [label], user=user)
            ago = timedelta(minutes=chance.choice([1, 5, 30]))
            changes: dict[str, Any] = {"held_from": chance.choice(["", "near"])}
            if kind != "sold":
                changes |= {"status": "PENDING", "confirmed_at": None, "created_at": now - 2 * ago}
                changes |= {"expires_at": now + (ago if kind == "held" else -ago)}
            Booking.objects.filter(pk=booking.pk).update(**changes)
        if chance.random() < 0.5:
            Entry.objects.create(
                show=show, user=chance.choice(people), seats=1, together=False, wheelchair=False
            )
        if chance.random() < 0.1:
            Show.objects.filter(pk=show.pk).update(status="CANCELLED")
        yield chance, show, people


@pytest.mark.usefixtures("functions")
def test_a_hold_by_the_function_is_the_hold_of_the_statement() -> None:
    outcomes = set()
    for chance, show, people in situations(30):
        user = chance.choice(people)
        limits = HoldLimits(
            seats_at_show=chance.choice([1, 2, 6]),
            holds=chance.choice([1, 9]),
            unpaid=timedelta(minutes=chance.choice([5, 600])),
            pause=timedelta(minutes=chance.choice([0, 7])),
            seats_of_address=chance.choice([1, 9]),
        )
        request = holds_sql.HoldRequest(
            user_id=user.pk,
            show_id=show.pk,
            labels=chance.sample(LABELS, chance.randint(1, 2)),
            key=chance.choice([None, "k"]),
            hash="h",
            limits=chance.choice([limits, None]),
            held_from=chance.choice(["", "near"]),
        )
        statement = holds_sql.take_free_seats_statement(request)
        with connection.cursor() as cursor:
            cursor.execute(*person_elsewhere_statement(user.pk, show.pk, request.key))
        values = {**dict(statement.values), "now": database_now()}
        columns = [
            i
            for i, name in enumerate(holds_sql.BOOKING_FIELDS)
            if name not in TIMES - {"expires_at"}
        ]
        expected = after(holds_sql.TAKE_FREE_SEATS, values, show, columns)
        assert after(holds_sql.TAKE_ON_CITUS, values, show, columns) == expected
        outcomes.add(len(expected[0]))
    assert outcomes == {0, 1}


@pytest.mark.usefixtures("functions")
def test_a_confirmation_by_the_function_is_that_of_the_statement() -> None:
    outcomes = set()
    for chance, show, _people in situations(10):
        for booking in Booking.objects.filter(show=show):
            values = {
                "user": booking.user_id,
                "show": show.pk,
                "reference": booking.reference,
                "pay_at_cinema": chance.random() < 0.8,
                "most_seats": chance.choice([None, 1, 4]),
                "starts_at": chance.choice([None, show.starts_at, timezone.now()]),
                "kind": "booked",
                "priority": 1,
            }
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('bookings.seats_bought', '1', true)")
            expected = after(confirmation.CONFIRM_HOLD, values, show, [1])
            assert after(on_citus.CONFIRM_HOLD, values, show, [1]) == expected
            outcomes.add(expected[0][0][0])
    assert outcomes == {True, False}


@pytest.mark.usefixtures("functions")
def test_a_sweep_by_the_function_is_that_of_the_statement() -> None:
    swept = 0
    for _chance, show, _people in situations(8):
        expected = after(sweep.SWEEP_SHOW, {"show": show.pk}, show, [0, 1])
        assert after(on_citus.SWEEP_SHOW, {"show": show.pk}, show, [0, 1]) == expected
        swept += len(expected[0])
    assert swept


def test_without_citus_the_statements_are_used() -> None:
    assert not django_settings.CITUS
    assert on_citus.fitting("statement", "call") == "statement"
