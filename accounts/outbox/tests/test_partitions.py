"""Messages by month: unique keys, messages that stay, and the migration of a full table."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.outbox.models import Message, MessageKey
from accounts.outbox.partitions import MESSAGES
from accounts.outbox.services import write
from bookmyshow.core.db import partitions
from tests.support.factories import make_user
from tests.support.schema import schema_kept

pytestmark = pytest.mark.django_db(transaction=True)
JUNE = datetime(2024, 6, 15, 12, tzinfo=UTC)
BEFORE = [("outbox", "0001_initial")]
AFTER = [("outbox", "0002_partitions_by_month")]


@pytest.fixture
def user() -> User:
    return make_user("asha@example.com")


def run(*arguments: str) -> tuple[str, str]:
    output, errors = StringIO(), StringIO()
    call_command("partitions", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue()


def partition_of(message: Message) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM outbox_message WHERE id = %s", [message.pk]
        )
        (name,) = cursor.fetchone()
    return str(name)


def of_june(key: str, user: User, **values: object) -> Message:
    write("confirm-email", key=key, user=user)
    Message.objects.filter(key=key).update(created_at=JUNE, **values)
    return Message.objects.get(key=key)


def test_a_message_is_in_the_partition_of_its_month(user: User) -> None:
    write("confirm-email", key="a", user=user)
    message = Message.objects.get()
    assert partition_of(message) == MESSAGES.partition_name(message.created_at)


def test_a_key_is_unique_over_all_months_and_free_again_with_its_message(user: User) -> None:
    assert write("confirm-email", key="a", user=user)
    Message.objects.update(created_at=F("created_at") - timedelta(days=100))
    assert partition_of(Message.objects.get()) == "outbox_message_rest"
    assert MessageKey.objects.get().pk == "a"
    assert not write("confirm-email", key="a", user=user)
    assert Message.objects.count() == 1
    Message.objects.all().delete()
    assert not MessageKey.objects.exists()
    assert write("confirm-email", key="a", user=user)


def test_without_the_trigger_a_key_would_be_written_twice(user: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE outbox_message DISABLE TRIGGER outbox_take_key")
        try:
            assert write("confirm-email", key="a", user=user)
            assert write("confirm-email", key="a", user=user)
        finally:
            cursor.execute("ALTER TABLE outbox_message ENABLE TRIGGER outbox_take_key")


def test_an_old_month_is_detached_when_nothing_of_it_is_needed(user: User) -> None:
    of_june("sent", user, sent_at=JUNE)
    for need in ({}, {"given_up_at": JUNE}, {"show": 1, "sent_at": JUNE}):
        needed = of_june("needed", user, **need)
        partitions.make(MESSAGES, JUNE)
        assert partition_of(needed) == "outbox_message_2024_06"
        output, errors = run("detach", "--before", "2024-07-01")
        assert output == ""
        assert errors.startswith("outbox_message_2024_06 stays: it has 1 messages that wait")
        needed.delete()
    assert set(MessageKey.objects.values_list("key", flat=True)) == {"sent"}
    assert (
        "would detach outbox_message_2024_06: from 2024-06-01"
        in run("detach", "--before", "2024-07-01", "--dry-run")[0]
    )
    assert run("detach", "--before", "2024-06-30")[0] == ""
    assert run("detach", "--before", "2024-07-01", "--drop") == (
        "dropped outbox_message_2024_06\n",
        "",
    )
    assert not Message.objects.exists()
    assert not MessageKey.objects.exists()


def test_the_command_lists_makes_and_explains() -> None:
    listed = run("list", "--table", "outbox_message")[0].splitlines()
    assert listed[-1].startswith("outbox_message_rest: rows of a time without a partition")
    assert len(listed) >= 5
    run("make")
    assert run("make") == ("", "")
    with pytest.raises(CommandError, match="detach needs --before"):
        run("detach")
    with pytest.raises(CommandError, match="invalid day value"):
        run("detach", "--before", "soon")


def test_the_migration_keeps_messages_and_their_keys_and_can_be_undone(user: User) -> None:
    with schema_kept():
        try:
            MigrationExecutor(connection).migrate(BEFORE)
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO outbox_message (kind, key, user_id) VALUES"
                    " ('confirm-email', 'a', %s), ('confirm-email', 'b', %s)",
                    [user.pk, user.pk],
                )
            MigrationExecutor(connection).migrate(AFTER)
            first, second = Message.objects.order_by("pk")
            assert partition_of(first) == "outbox_message_before"
            assert not write("confirm-email", key="a", user=user)
            assert write("confirm-email", key="c", user=user)
            assert Message.objects.get(key="c").pk > second.pk
            next_month = MESSAGES.period(timezone.now())[1]
            assert partitions.partitions(MESSAGES)[0].end == next_month
            MigrationExecutor(connection).migrate(BEFORE)
            assert Message.objects.count() == 3
            Message.objects.all().delete()
        finally:
            MigrationExecutor(connection).migrate(AFTER)
    assert "outbox_message_before" not in [each.name for each in partitions.partitions(MESSAGES)]
