"""Statements that travel together, with and without the commit."""

import threading
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.db.transaction import TransactionManagementError

from accounts.models import User
from bookmyshow.core.db.one_trip import Statement, one_trip, one_trip_with_commit

pytestmark = pytest.mark.django_db(transaction=True)

RENAME = "UPDATE accounts_user SET name = %(name)s WHERE id = %(id)s"


@pytest.fixture
def person() -> User:
    return User.objects.create_user("asha@example.com", name="Asha")


def rename(person: User, name: str) -> Statement:
    return Statement(RENAME, {"id": person.pk, "name": name})


def on_another_connection(work: Callable[[], object]) -> object:
    """What `work` returns in a thread with a connection of its own."""
    found: list[object] = []

    def run() -> None:
        try:
            found.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def name_for_others(person: User) -> object:
    return on_another_connection(lambda: User.objects.get(pk=person.pk).name)


def test_each_statement_has_its_rows_and_sees_what_the_one_before_it_wrote(person: User) -> None:
    with transaction.atomic():
        _, found = one_trip(
            rename(person, "Ravi"),
            Statement("SELECT name FROM accounts_user WHERE id = %s", [person.pk]),
        )
        assert found.fetchall() == [("Ravi",)]
        assert name_for_others(person) == "Asha", "without a commit nobody else sees it"
    assert name_for_others(person) == "Ravi"


def test_with_the_commit_it_is_done_before_the_block_ends(person: User) -> None:
    followed = []
    with transaction.atomic():
        (renamed,) = one_trip_with_commit(rename(person, "Ravi"))
        assert name_for_others(person) == "Ravi"
        assert renamed.rowcount == 1
        transaction.on_commit(lambda: followed.append("after"))
        assert followed == []
    assert followed == ["after"]


def test_the_locks_are_free_before_the_block_ends(person: User) -> None:
    def lock_without_waiting() -> int:
        with transaction.atomic():
            return User.objects.select_for_update(nowait=True).get(pk=person.pk).pk

    lock = Statement("SELECT id FROM accounts_user WHERE id = %s FOR UPDATE", [person.pk])
    with transaction.atomic():
        one_trip_with_commit(lock, rename(person, "Ravi"))
        assert on_another_connection(lock_without_waiting) == person.pk


def test_a_statement_that_fails_undoes_the_earlier_ones_and_stops_the_later_ones(
    person: User,
) -> None:
    fails = Statement("UPDATE accounts_user SET email = NULL WHERE id = %s", [person.pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        one_trip_with_commit(rename(person, "Ravi"), fails, rename(person, "Mira"))
    assert name_for_others(person) == "Asha"


def test_inside_another_block_the_commit_is_left_to_the_outermost_one(person: User) -> None:
    with transaction.atomic():
        with transaction.atomic():
            one_trip_with_commit(rename(person, "Ravi"))
        assert name_for_others(person) == "Asha"
        transaction.set_rollback(True)
    assert name_for_others(person) == "Asha"


def test_a_commit_needs_a_transaction(person: User) -> None:
    with pytest.raises(TransactionManagementError):
        one_trip_with_commit(rename(person, "Ravi"))
    assert name_for_others(person) == "Asha"


def test_all_statements_and_the_commit_are_sent_before_an_answer_is_waited_for(
    person: User,
) -> None:
    """While the server keeps the first statement waiting, the commit is on its way already."""
    connection.ensure_connection()
    sent = threading.Event()
    execute = type(connection.connection).execute

    def commit_is_sent(*args: object, **options: object) -> object:
        result = execute(*args, **options)
        sent.set()
        return result

    def keep_locked_until_the_commit_is_sent() -> None:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=person.pk)
            locked.set()
            assert sent.wait(300)
        connections.close_all()

    locked = threading.Event()
    other = threading.Thread(target=keep_locked_until_the_commit_is_sent)
    other.start()
    assert locked.wait(300)
    with (
        mock.patch.object(type(connection.connection), "execute", commit_is_sent),
        transaction.atomic(),
    ):
        one_trip_with_commit(rename(person, "Ravi"))
    other.join()
    assert name_for_others(person) == "Ravi"


def test_the_begin_and_the_commit_are_in_the_same_trip(person: User, tmp_path: Path) -> None:
    """libpq's own record of the messages: the first answer is read after the last message."""
    connection.ensure_connection()
    server = connection.connection.pgconn
    record = tmp_path / "messages"
    with record.open("w") as file, transaction.atomic():
        server.trace(file.fileno())
        one_trip_with_commit(rename(person, "Asha R."), rename(person, "Ravi"))
        server.untrace()
    # Time, F (sent) or B (received), length, name …
    messages = [line.split("\t")[1:4:2] for line in record.read_text().splitlines()]
    sent = [name for way, name in messages if way == "F"]
    assert [way for way, _ in messages[: len(sent)]] == ["F"] * len(sent)
    assert sent.count("Execute") == 4, "BEGIN, two statements, COMMIT"
    assert sent.count("Sync") == 1


def test_a_server_that_goes_away_in_the_middle_of_a_trip_is_djangos_error() -> None:
    """The visitor reads that the site is not available, and not that it has a fault."""
    (pid,) = one_trip(Statement("SELECT pg_backend_pid()"))[0].fetchone()

    def send_and_stop_the_session(execute: Callable[..., object], *args: object) -> object:
        result = execute(*args)
        on_another_connection(lambda: terminate(pid))
        return result

    try:
        with (
            connection.execute_wrapper(send_and_stop_the_session),
            pytest.raises(OperationalError),
            transaction.atomic(),
        ):
            one_trip(Statement("SELECT 1"), Statement("SELECT 2"))
    finally:
        connection.close()


def terminate(pid: int) -> None:
    """End a session as an administrator does, or a restart of the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
