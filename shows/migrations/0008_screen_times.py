"""When a screen is taken gets a table of its own (docs/decisions/0029-screen-times.md).

It is filled from the shows, and the index of its constraint is built. Nobody waits for that: the
table of shows is only read. Migration 0009 finds what changes in the meantime, and makes the
trigger that keeps the rows right.
"""

import django.db.models.deletion
from django.db import migrations, models

# Migration 0009 gives the constraint the name of the old one, which is still in use here.
FILL = """
    SET LOCAL statement_timeout = 0;
    INSERT INTO shows_screentime (show_id, screen_id, starts_at, busy_until)
    SELECT id, screen_id, starts_at, busy_until FROM shows_show WHERE status = 'SCHEDULED'
    ORDER BY id;
    ALTER TABLE shows_screentime ADD CONSTRAINT screen_times_do_not_overlap EXCLUDE USING gist
        (int8range(screen_id, screen_id, '[]') WITH &&, tstzrange(starts_at, busy_until) WITH &&);
    ANALYZE shows_screentime;
"""


class Migration(migrations.Migration):
    dependencies = [("shows", "0007_keys_with_show")]

    operations = [
        migrations.CreateModel(
            name="ScreenTime",
            fields=[
                (
                    "show",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="shows.show",
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("busy_until", models.DateTimeField()),
                (
                    "screen",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="shows.screen",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
