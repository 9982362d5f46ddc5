import threading

import pytest
from django.db import OperationalError, connection, connections, transaction
from psycopg.errors import QueryCanceled

from accounts.models import User
from bookmyshow.core.db.transactions import lock_timeout_raises

pytestmark = pytest.mark.django_db(transaction=True)


class Busy(Exception):
    pass


def rename_and_lock(first: User, second: User) -> None:
    with lock_timeout_raises(Busy), transaction.atomic():
        User.objects.filter(pk=first.pk).update(name="Mira")
        User.objects.select_for_update().get(pk=second.pk)


def test_a_wait_for_a_lock_that_takes_too_long_is_the_error_asked_for_and_changes_nothing() -> None:
    first = User.objects.create_user("asha@example.com", name="Asha")
    second = User.objects.create_user("ravi@example.com", name="Ravi")
    locked, done = threading.Event(), threading.Event()

    def keep_it_locked() -> None:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=second.pk)
            locked.set()
            done.wait(300)
        connections.close_all()

    holder = threading.Thread(target=keep_it_locked)
    holder.start()
    try:
        assert locked.wait(300)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(Busy):
            rename_and_lock(first, second)
        assert User.objects.get(pk=first.pk).name == "Asha"
    finally:
        done.set()
        holder.join()
        connection.close()


def test_another_error_of_the_database_stays_what_it_is() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '50ms'")
        with pytest.raises(OperationalError) as raised, lock_timeout_raises(Busy):
            cursor.execute("SELECT pg_sleep(60)")
    assert isinstance(raised.value.__cause__, QueryCanceled)
    connection.close()
