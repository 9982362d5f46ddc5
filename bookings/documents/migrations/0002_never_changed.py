"""Numbered documents can be added to and read. PostgreSQL refuses everything else, from anyone."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION documents_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a numbered document is never changed or deleted: % refused', TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER document_never_changed BEFORE UPDATE OR DELETE ON documents_taxdocument
    FOR EACH ROW EXECUTE FUNCTION documents_refuse_change();
CREATE TRIGGER documents_never_emptied BEFORE TRUNCATE ON documents_taxdocument
    FOR EACH STATEMENT EXECUTE FUNCTION documents_refuse_change();
"""
BACKWARDS = """
DROP TRIGGER documents_never_emptied ON documents_taxdocument;
DROP TRIGGER document_never_changed ON documents_taxdocument;
DROP FUNCTION documents_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
