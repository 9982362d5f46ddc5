"""What belongs to a show can live on one of several servers (docs/decisions/0023).

The list of tables is made from the models, so a new one is checked from its first day.
"""

from collections.abc import Iterator
from importlib import import_module
from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, OperationalError, connection
from django.db.models import Field, Model
from django.test.utils import CaptureQueriesContext

from bookings.models import Admission, Booking
from bookings.payments.states import RefundState
from bookmyshow.core.db import keys_with_show
from bookmyshow.core.db.in_show import ForeignKeyInShow, OfShow, OneToOneInShow
from bookmyshow.core.time import database_now
from shows.models import Seat, Show
from tests.support.constraints import refused_by
from tests.support.factories import make_booking, make_show, make_user
from tests.support.money import make_paid_booking, make_refund
from tests.support.schema import schema_kept

pytestmark = pytest.mark.django_db

#: Models that name a show or a row of a show, and belong to none. Why, is at their fields.
ELSEWHERE = {
    "documents.TaxDocument",
    "payments.ProviderEvent",
    "shows.ScreenTime",
    "waiting_room.OnSale",
}
KEYS = [
    import_module("bookings.migrations.0017_keys_with_show").KEYS,
    import_module("bookings.payments.migrations.0007_keys_with_show").KEYS,
]


def models_of_shows() -> list[type[Model]]:
    return [model for model in apps.get_models() if issubclass(model, OfShow)]


def keys_to_rows_of_shows() -> "list[Field[Any, Any]]":
    """The foreign keys of all models that name a row of a show."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.many_to_one or field.one_to_one
        if field.related_model is not None and issubclass(field.related_model, OfShow)
    ]


def unique_indexes_without_show() -> list[str]:
    """Those of the rows of shows, and of shows themselves: a show's `id` is the show."""
    tables = ["shows_show", *(model._meta.db_table for model in models_of_shows())]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = ANY (%s::regclass[]) AND (i.indisunique OR i.indisexclusion)"
            "   AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid"
            "                   AND a.attnum = ANY (i.indkey) AND a.attname ="
            "                       CASE i.indrelid WHEN 'shows_show'::regclass THEN 'id'"
            "                       ELSE 'show_id' END)",
            [tables],
        )
        return [name for (name,) in cursor.fetchall()]


def composite_keys() -> set[tuple[str, frozenset[str], str, frozenset[str]]]:
    """The foreign keys of the database that were checked: their tables and columns."""
    names = (
        "(SELECT array_agg(attname) FROM pg_attribute WHERE attrelid = {} AND attnum = ANY ({}))"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text,"
            f" {names.format('conrelid', 'conkey')}, confrelid::regclass::text,"
            f" {names.format('confrelid', 'confkey')} FROM pg_constraint"
            " WHERE contype = 'f' AND convalidated AND condeferrable"
        )
        return {(a, frozenset(b), c, frozenset(d)) for a, b, c, d in cursor.fetchall()}


def test_whatever_names_a_show_or_a_row_of_one_belongs_to_it() -> None:
    found = set()
    for model in apps.get_models():
        named = {field.related_model for field in model._meta.concrete_fields}
        if any(isinstance(m, type) and issubclass(m, (Show, OfShow)) for m in named):
            found.add(model)
    assert {Booking, Seat, Admission} <= found
    others = {model._meta.label for model in found if not issubclass(model, OfShow)}
    assert others == ELSEWHERE


def test_every_unique_index_of_a_shows_rows_has_the_show() -> None:
    assert len(models_of_shows()) > 8
    assert unique_indexes_without_show() == []


def test_an_index_without_the_show_would_be_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX one_more ON bookings_booking (reference, seats)")
        cursor.execute("CREATE UNIQUE INDEX two_more ON shows_show (screen_id, starts_at)")
    assert sorted(unique_indexes_without_show()) == ["one_more", "two_more"]


def test_the_primary_key_is_the_id_and_the_show() -> None:
    for model in models_of_shows():
        with connection.cursor() as cursor:
            columns = connection.introspection.get_primary_key_columns(cursor, model._meta.db_table)
        assert columns == ["id", "show_id"], model


def test_every_foreign_key_to_a_row_of_a_show_has_the_show() -> None:
    found = composite_keys()
    links = [
        field
        for field in keys_to_rows_of_shows()
        # An order outlives its booking, which goes to the archive.
        if (field.model._meta.label, field.name) != ("payments.Order", "booking")
    ]
    assert len(links) > 8
    for field in links:
        assert isinstance(field, (ForeignKeyInShow, OneToOneInShow)), field
        target = field.remote_field.model._meta.db_table
        ours = frozenset({"show_id", field.column})
        assert (field.model._meta.db_table, ours, target, frozenset({"show_id", "id"})) in found


def test_a_seat_can_only_be_of_a_booking_of_its_own_show() -> None:
    booking, other = make_booking(make_show(), ["A1"]), make_show()
    with refused_by("shows_seat_booking_id_in_show"):
        Seat.objects.filter(show=other, label="A1").update(booking=booking.pk)


def test_the_orm_adds_the_show_to_joins_and_to_what_it_saves() -> None:
    booking = make_booking(make_show(), ["A1"])
    joined = str(Seat.objects.filter(booking__status="PENDING").query)
    assert '"bookings_booking"."show_id" = ("shows_seat"."show_id")' in joined
    with CaptureQueriesContext(connection) as saved:
        booking.save()
    assert f'"bookings_booking"."show_id" = {booking.show_id}' in saved[0]["sql"]
    with CaptureQueriesContext(connection) as read:
        assert Seat.objects.filter(booking=booking)[0].booking == booking
    assert f'"bookings_booking"."show_id" = {booking.show_id}' in read[-1]["sql"]


@pytest.fixture
def sold() -> Iterator[Booking]:
    """A booking with everything that can hang on it, before its keys had the show."""
    booking = make_paid_booking(make_show(), ["A1", "A2"])
    payment = booking.orders.get().payments.get()
    make_refund(payment, 100, state=RefundState.FAILED)
    Admission.objects.create(
        show_id=booking.show_id,
        booking=booking,
        admitted_at=database_now(),
        admitted_by=make_user(is_staff=True),
    )
    with schema_kept():
        for keys in reversed(KEYS):
            migrate(keys.undo)
        yield booking
        for keys in KEYS:
            migrate(keys.apply)
    with connection.cursor() as cursor:
        # As the tests' database is set up (conftest.py).
        for row in (row for keys in KEYS for row in keys.shows):
            cursor.execute(f"DROP TRIGGER fill_show_id ON {row.table}")


def migrate(change: Any) -> None:
    with connection.schema_editor(atomic=False) as editor:
        change(apps, editor)


@pytest.mark.django_db(transaction=True)
def test_the_migration_of_rows_that_are_there(
    sold: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_with_show, "BATCH", 1)
    assert "bookings_booking_pkey" in unique_indexes_without_show()
    for statement in (3, 30, 60, 90):
        # A lock stays busy at this statement of the migration.
        numbers = count()

        def run(execute: Any, *args: Any, numbers: Any = numbers, last: int = statement) -> Any:
            if next(numbers) == last:
                raise OperationalError("lock timeout")
            return execute(*args)

        with connection.execute_wrapper(run), pytest.raises(OperationalError):  # noqa: PT012
            for keys in KEYS:
                migrate(keys.apply)
    for keys in KEYS:
        migrate(keys.apply)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bookings_admission (booking_id, admitted_at, admitted_by_id)"
            " SELECT %s, now(), admitted_by_id FROM bookings_admission RETURNING show_id",
            [make_booking(sold.show, ["B1"]).pk],
        )
        assert cursor.fetchone() == (sold.show_id,), "written by the release before"
    assert unique_indexes_without_show() == []
    for model in models_of_shows():
        assert set(model._base_manager.values_list("show", flat=True)) <= {sold.show_id}, model


@pytest.mark.django_db(transaction=True)
def test_the_migration_refuses_a_seat_that_has_a_booking_of_another_show(sold: Booking) -> None:
    other = make_show()
    Seat.objects.filter(show=other, label="A1").update(booking=sold.pk)
    with pytest.raises(IntegrityError, match="shows_seat_booking_id_in_show"):
        migrate(KEYS[0].apply)
    Seat.objects.filter(show=other).update(booking=None)
