"""The audit log can be added to and read; PostgreSQL refuses everything else, from anyone."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION refuse_to_change_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON django_admin_log
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_audit_log();
"""
BACKWARDS = """
DROP TRIGGER audit_log_append_only ON django_admin_log;
DROP FUNCTION refuse_to_change_audit_log();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
