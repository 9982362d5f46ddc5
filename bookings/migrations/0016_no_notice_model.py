"""The table `bookings_notice` has no model any more. It stays, empty, for one release (0015)."""

from django.db import migrations

# A row is moved to the outbox at once, so it needs no foreign keys. With them, no table that they
# name could be emptied by TRUNCATE.
DROP_KEYS = """
    DO $$
    DECLARE name text;
    BEGIN
        FOR name IN SELECT conname FROM pg_constraint
            WHERE conrelid = 'bookings_notice'::regclass AND contype = 'f'
        LOOP
            EXECUTE format('ALTER TABLE bookings_notice DROP CONSTRAINT %I', name);
        END LOOP;
    END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0015_notices_to_outbox'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(DROP_KEYS, migrations.RunSQL.noop)],
            state_operations=[migrations.DeleteModel(name='Notice')],
        ),
    ]
