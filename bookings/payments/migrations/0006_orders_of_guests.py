"""The order of a guest may move to an account, with its booking (docs/spec.md §19)."""

from django.db import migrations

# Total and currency never change. The buyer changes only if the old one is a guest.
FORWARDS = """
CREATE FUNCTION payments_refuse_other_buyer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.total, OLD.currency) IS NOT DISTINCT FROM (NEW.total, NEW.currency)
        AND EXISTS (SELECT FROM accounts_user u WHERE u.id = OLD.user_id AND u.is_guest)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '%: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE OR REPLACE TRIGGER order_total_fixed
    BEFORE UPDATE OF total, currency, user_id ON payments_order FOR EACH ROW WHEN (
        (OLD.total, OLD.currency, OLD.user_id) IS DISTINCT FROM (NEW.total, NEW.currency, NEW.user_id)
    ) EXECUTE FUNCTION payments_refuse_other_buyer();
"""
BACKWARDS = """
CREATE OR REPLACE TRIGGER order_total_fixed
    BEFORE UPDATE OF total, currency, user_id ON payments_order FOR EACH ROW WHEN (
        (OLD.total, OLD.currency, OLD.user_id) IS DISTINCT FROM (NEW.total, NEW.currency, NEW.user_id)
    ) EXECUTE FUNCTION payments_refuse_change();
DROP FUNCTION payments_refuse_other_buyer();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0005_staff_rights_about_money"),
        ("accounts", "0008_guests"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
