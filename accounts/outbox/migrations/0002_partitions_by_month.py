"""Partitions the messages by the month in which they were written.

PostgreSQL's unique indexes of a partitioned table have its partition column, so the keys, which are
unique for ever, are in a table of their own. Two triggers keep it: a message whose key exists is not
inserted (as with ON CONFLICT DO NOTHING), and a message that is deleted takes its key with it.

Nobody can write a message meanwhile. Existing messages are not copied: their table becomes the
partition of everything before the next month. It is read once, for its new index and for the keys
(about 5 s for a million messages).
"""

from datetime import UTC, datetime

import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from bookmyshow.core.db import partitions

TABLE = partitions.PartitionedTable("outbox_message", "created_at")

KEYS = """
CREATE TABLE outbox_messagekey (
    key varchar(160) PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE FUNCTION outbox_take_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox_messagekey (key, created_at) VALUES (NEW.key, NEW.created_at)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION outbox_give_key_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM outbox_messagekey WHERE key = OLD.key;
    RETURN OLD;
END $$;
"""
PARTITIONED = """
ALTER TABLE outbox_message RENAME TO outbox_message_before;
ALTER TABLE outbox_message_before
    DROP CONSTRAINT message_key_unique, DROP CONSTRAINT outbox_message_pkey,
    ALTER COLUMN id DROP IDENTITY;
ALTER INDEX message_due RENAME TO message_due_before;
ALTER INDEX message_given_up RENAME TO message_given_up_before;
ALTER INDEX message_show RENAME TO message_show_before;
ALTER INDEX message_booking RENAME TO message_booking_before;
ALTER INDEX message_created_at RENAME TO message_created_at_before;

CREATE SEQUENCE outbox_message_id_seq;
CREATE TABLE outbox_message (
    LIKE outbox_message_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS,
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (user_id) REFERENCES accounts_user (id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (handled_by_id) REFERENCES accounts_user (id) DEFERRABLE INITIALLY DEFERRED
) PARTITION BY RANGE (created_at);
ALTER TABLE outbox_message ALTER COLUMN id SET DEFAULT nextval('outbox_message_id_seq');
ALTER SEQUENCE outbox_message_id_seq OWNED BY outbox_message.id;
CREATE INDEX message_due ON outbox_message (channel, priority, next_try_at, id)
    WHERE dropped_at IS NULL AND given_up_at IS NULL AND handled_at IS NULL AND sent_at IS NULL;
CREATE INDEX message_given_up ON outbox_message (given_up_at) WHERE given_up_at IS NOT NULL;
CREATE INDEX message_show ON outbox_message (show) WHERE show IS NOT NULL;
CREATE INDEX message_booking ON outbox_message (booking) WHERE booking IS NOT NULL;
CREATE INDEX message_created_at ON outbox_message (created_at);
CREATE INDEX outbox_message_user_id ON outbox_message (user_id);
CREATE INDEX outbox_message_handled_by_id ON outbox_message (handled_by_id);
CREATE TRIGGER outbox_take_key BEFORE INSERT ON outbox_message
    FOR EACH ROW EXECUTE FUNCTION outbox_take_key();
-- Not while rows move to a partition that was made late (core/db/partitions.py).
CREATE TRIGGER outbox_give_key_back BEFORE DELETE ON outbox_message FOR EACH ROW
    WHEN (current_setting('bookmyshow.moving', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION outbox_give_key_back();
CREATE TABLE outbox_message_rest PARTITION OF outbox_message DEFAULT;
"""


def partition(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        # The time limits of settings.DATABASES are too short for a large table.
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '1min'")
        cursor.execute("LOCK TABLE outbox_message IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SELECT max(id) FROM outbox_message")
        (last_id,) = cursor.fetchone()
        cursor.execute(KEYS)
        cursor.execute(PARTITIONED)
        if last_id is None:
            cursor.execute("DROP TABLE outbox_message_before")
        else:
            cursor.execute("SELECT setval('outbox_message_id_seq', %s)", [last_id])
            cursor.execute(
                "INSERT INTO outbox_messagekey (key, created_at)"
                " SELECT key, created_at FROM outbox_message_before"
            )
            _, next_month = TABLE.period(datetime.now(UTC))
            cursor.execute(
                "ALTER TABLE outbox_message ATTACH PARTITION outbox_message_before"
                f" FOR VALUES FROM (MINVALUE) TO ('{next_month.isoformat()}')"
            )
    partitions.make_ahead(TABLE, datetime.now(UTC))


UNDO = """
SET LOCAL statement_timeout = 0;
LOCK TABLE outbox_message IN ACCESS EXCLUSIVE MODE;
ALTER TABLE outbox_message RENAME TO outbox_message_parts;
CREATE TABLE outbox_message (
    LIKE outbox_message_parts INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS,
    FOREIGN KEY (user_id) REFERENCES accounts_user (id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (handled_by_id) REFERENCES accounts_user (id) DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE outbox_message ALTER COLUMN id DROP DEFAULT;
INSERT INTO outbox_message SELECT * FROM outbox_message_parts;
-- Checks the foreign keys now: a table with waiting checks can't be altered.
SET CONSTRAINTS ALL IMMEDIATE;
DROP TABLE outbox_message_parts;
DROP TABLE outbox_messagekey;
DROP FUNCTION outbox_take_key, outbox_give_key_back;
ALTER TABLE outbox_message
    ADD CONSTRAINT outbox_message_pkey PRIMARY KEY (id),
    ADD CONSTRAINT message_key_unique UNIQUE (key),
    ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT setval(pg_get_serial_sequence('outbox_message', 'id'), max(id)) FROM outbox_message;
CREATE INDEX message_due ON outbox_message (channel, priority, next_try_at, id)
    WHERE dropped_at IS NULL AND given_up_at IS NULL AND handled_at IS NULL AND sent_at IS NULL;
CREATE INDEX message_given_up ON outbox_message (given_up_at) WHERE given_up_at IS NOT NULL;
CREATE INDEX message_show ON outbox_message (show) WHERE show IS NOT NULL;
CREATE INDEX message_booking ON outbox_message (booking) WHERE booking IS NOT NULL;
CREATE INDEX message_created_at ON outbox_message (created_at);
CREATE INDEX outbox_message_of_user ON outbox_message (user_id);
CREATE INDEX outbox_message_by_staff ON outbox_message (handled_by_id);
"""


def undo(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(UNDO)


class Migration(migrations.Migration):

    dependencies = [
        ("outbox", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(partition, undo)],
            state_operations=[
                migrations.RemoveConstraint(model_name="message", name="message_key_unique"),
                migrations.CreateModel(
                    name="MessageKey",
                    fields=[
                        (
                            "key",
                            models.CharField(max_length=160, primary_key=True, serialize=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now()
                            ),
                        ),
                    ],
                ),
            ],
        ),
    ]
