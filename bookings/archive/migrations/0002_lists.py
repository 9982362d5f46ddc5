"""Indexes for the admin: the order of the list, and the search for the beginning of a reference."""

from django.db import migrations, models

FORWARDS = """
CREATE INDEX archive_booking_latest ON archive_archivedbooking (starts_at, id);
ALTER TABLE archive_archivedbooking ALTER COLUMN reference TYPE varchar(15) COLLATE "C";
"""
BACKWARDS = """
ALTER TABLE archive_archivedbooking ALTER COLUMN reference TYPE varchar(15) COLLATE "default";
DROP INDEX archive_booking_latest;
"""


class Migration(migrations.Migration):
    dependencies = [("archive", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARDS, BACKWARDS)],
            state_operations=[
                migrations.AlterField(
                    model_name="archivedbooking",
                    name="reference",
                    field=models.CharField(db_collation="C", max_length=15),
                )
            ],
        )
    ]
