"""TRUNCATE fires no trigger of rows; PostgreSQL refuses it on the audit log as well.

The role that owns the table can still drop the triggers. A second role for migrations would prevent
that, but then every deployment would need two roles and two passwords. Somebody who can run DDL as
the site's role owns the database anyway: keep a copy of the log elsewhere.
"""

from django.db import migrations

FORWARDS = """
CREATE TRIGGER audit_log_never_emptied BEFORE TRUNCATE ON django_admin_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit_log();
"""
BACKWARDS = "DROP TRIGGER audit_log_never_emptied ON django_admin_log;"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_email_confirmed_at")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
