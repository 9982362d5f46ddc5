"""Shows don't overlap on a screen, by their screen times (docs/decisions/0029-screen-times.md).

One transaction. It locks the table of shows against everybody, and waits 4 s at most for that lock;
if it fails, run `migrate` again. Under the lock it compares all shows with their screen times: 1.7 s
for 300,000 shows on a busy machine. The release before this one goes on working, because the
trigger writes the screen times of its shows too.
"""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.db import migrations, models

import shows.models

LIMITS = """
    SET LOCAL lock_timeout = '4s';
    SET LOCAL statement_timeout = 0;
"""
# After the old constraint is gone, nobody else reads or writes shows until the commit.
SWITCH = f"""
    {LIMITS}
    ALTER TABLE shows_show DROP CONSTRAINT show_no_overlap_on_screen;
    DELETE FROM shows_screentime t WHERE NOT EXISTS (
        SELECT FROM shows_show w
        WHERE w.id = t.show_id AND w.status = 'SCHEDULED'
          AND (w.screen_id, w.starts_at, w.busy_until) = (t.screen_id, t.starts_at, t.busy_until));
    INSERT INTO shows_screentime (show_id, screen_id, starts_at, busy_until)
    SELECT id, screen_id, starts_at, busy_until FROM shows_show w
    WHERE status = 'SCHEDULED'
      AND NOT EXISTS (SELECT FROM shows_screentime t WHERE t.show_id = w.id);
    ALTER TABLE shows_screentime
        RENAME CONSTRAINT screen_times_do_not_overlap TO show_no_overlap_on_screen;
    CREATE FUNCTION write_screen_time() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM shows_screentime WHERE show_id = OLD.id;
        END IF;
        IF TG_OP <> 'DELETE' AND NEW.status = 'SCHEDULED' THEN
            INSERT INTO shows_screentime (show_id, screen_id, starts_at, busy_until)
            VALUES (NEW.id, NEW.screen_id, NEW.starts_at, NEW.busy_until);
        END IF;
        RETURN NULL;
    END $$;
    -- A hold and a confirmation write none of these columns, so they never call it.
    CREATE TRIGGER write_screen_time
        AFTER INSERT OR DELETE OR UPDATE OF screen_id, starts_at, busy_until, status
        ON shows_show FOR EACH ROW EXECUTE FUNCTION write_screen_time();
"""
SWITCH_BACK = f"""
    {LIMITS}
    DROP TRIGGER write_screen_time ON shows_show;
    DROP FUNCTION write_screen_time();
    ALTER TABLE shows_screentime
        RENAME CONSTRAINT show_no_overlap_on_screen TO screen_times_do_not_overlap;
    ALTER TABLE shows_show ADD CONSTRAINT show_no_overlap_on_screen EXCLUDE USING gist
        (int8range(screen_id, screen_id, '[]') WITH &&, tstzrange(starts_at, busy_until) WITH &&)
        WHERE (status = 'SCHEDULED');
"""


class Migration(migrations.Migration):
    dependencies = [("shows", "0008_screen_times")]

    operations = [
        migrations.RunSQL(
            SWITCH,
            SWITCH_BACK,
            state_operations=[
                migrations.RemoveConstraint(model_name="show", name="show_no_overlap_on_screen"),
                migrations.AddConstraint(
                    model_name="screentime",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                shows.models.ScreenRange("screen", "screen", models.Value("[]")),
                                django.contrib.postgres.fields.ranges.RangeOperators.OVERLAPS,
                            ),
                            (
                                shows.models.BusyRange("starts_at", "busy_until"),
                                django.contrib.postgres.fields.ranges.RangeOperators.OVERLAPS,
                            ),
                        ],
                        name="show_no_overlap_on_screen",
                        violation_error_message="Another show is on this screen at that time.",
                    ),
                ),
            ],
        ),
    ]
