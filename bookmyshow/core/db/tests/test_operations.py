import threading

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.db.migrations.state import ProjectState

from bookmyshow.core.db.operations import build_index
from shows.models import Cinema
from tests.support.factories import make_cinema
from tests.support.races import wait_for_waiting

INDEX = models.Index(fields=["address"], name="test_index_of_address")
COLUMNS = """
    SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index
    WHERE indexrelid = to_regclass('test_index_of_address')
"""


def build() -> None:
    before = ProjectState.from_apps(apps)
    with connection.schema_editor(atomic=False) as editor:
        for operation in build_index("cinema", INDEX):
            after = before.clone()
            operation.state_forwards("shows", after)
            operation.database_forwards("shows", editor, before, after)
            before = after


@pytest.mark.django_db(transaction=True)
def test_an_index_is_built_however_long_it_waits_and_replaces_one_that_a_kill_left() -> None:
    cinema, results = make_cinema(), []

    def act() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1ms'")
            build()
            cursor.execute(COLUMNS)
            results.append(cursor.fetchone())
        connection.close()

    building = threading.Thread(target=act)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX test_index_of_address ON shows_cinema (city)")
    try:
        with transaction.atomic():
            Cinema.objects.filter(pk=cinema.pk).update(address="Elsewhere")
            building.start()
            wait_for_waiting(1)
        building.join()
        ((definition, is_valid),) = results
        assert "(address)" in definition
        assert is_valid
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX IF EXISTS test_index_of_address")
