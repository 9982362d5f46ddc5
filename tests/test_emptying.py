"""What a test with real transactions leaves is gone after it (tests/support/emptying.py)."""

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.utils import DatabaseError

from accounts.staff.roles import DOOR
from bookings.documents.numbering import number_documents
from tests.support import emptying
from tests.support.documents import make_paid, make_taxed_show
from tests.support.factories import make_user


def filled() -> set[str]:
    tables = {model._meta.db_table for model in apps.get_models() if model._meta.managed}
    return {t for t in tables - {*emptying.WRITTEN_BY_MIGRATE} if has_rows(t)}


def has_rows(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
        (exists,) = cursor.fetchone()
    return bool(exists)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("many_bytes", [emptying.MANY_BYTES, 0], ids=["few rows", "many rows"])
def test_every_row_goes_roles_come_back_and_triggers_are_on(
    monkeypatch: pytest.MonkeyPatch, many_bytes: int
) -> None:
    monkeypatch.setattr(emptying, "MANY_BYTES", many_bytes)
    for _ in range(2):
        show, user = make_taxed_show(), make_user()
        make_paid(show, ["A1"])
        number_documents()
        LogEntry.objects.create(user=user, action_flag=CHANGE, change_message="a")
        door = Group.objects.get(name=DOOR).permissions
        door.clear()
        assert {"bookings_booking", "documents_taxdocument", "django_admin_log"} <= filled()
        for table in ("documents_taxdocument", "django_admin_log"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {table}")
        emptying.empty()
        assert filled() == set()
        assert door.count()
