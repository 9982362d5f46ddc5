"""A change of rights ends tokens and sessions; one authenticator app a person; recovery codes.

Triggers, because rights change in many places: the admin, commands, a shell, raw SQL.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# `token_version` never falls: a stale copy of an account that is saved late would bring ended
# tokens and sessions back to life.
RIGHTS_FORWARDS = """
CREATE FUNCTION accounts_raise_token_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.token_version := GREATEST(
        NEW.token_version,
        OLD.token_version + CASE WHEN (OLD.is_staff, OLD.is_superuser, OLD.is_active)
            IS DISTINCT FROM (NEW.is_staff, NEW.is_superuser, NEW.is_active) THEN 1 ELSE 0 END
    );
    RETURN NEW;
END $$;
CREATE TRIGGER user_rights_end_tokens BEFORE UPDATE ON accounts_user FOR EACH ROW
    WHEN (NEW.token_version < OLD.token_version
        OR (OLD.is_staff, OLD.is_superuser, OLD.is_active)
            IS DISTINCT FROM (NEW.is_staff, NEW.is_superuser, NEW.is_active))
    EXECUTE FUNCTION accounts_raise_token_version();

-- For tables with one row per person and right (or device).
CREATE FUNCTION accounts_end_tokens_of_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts_user SET token_version = token_version + 1
        WHERE id IN (OLD.user_id, NEW.user_id);
    RETURN NULL;
END $$;
CREATE TRIGGER user_groups_end_tokens AFTER INSERT OR UPDATE OR DELETE ON accounts_user_groups
    FOR EACH ROW EXECUTE FUNCTION accounts_end_tokens_of_user();
CREATE TRIGGER user_permissions_end_tokens
    AFTER INSERT OR UPDATE OR DELETE ON accounts_user_user_permissions
    FOR EACH ROW EXECUTE FUNCTION accounts_end_tokens_of_user();

-- A group that may do more or less, or is renamed: the API's role depends on a name.
CREATE FUNCTION accounts_end_tokens_of_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts_user SET token_version = token_version + 1 WHERE id IN (
        SELECT user_id FROM accounts_user_groups
        WHERE group_id = CASE TG_TABLE_NAME
            WHEN 'auth_group' THEN (to_jsonb(NEW) ->> 'id')::bigint
            ELSE (to_jsonb(COALESCE(NEW, OLD)) ->> 'group_id')::bigint
        END
    );
    RETURN NULL;
END $$;
CREATE TRIGGER group_permissions_end_tokens AFTER INSERT OR DELETE ON auth_group_permissions
    FOR EACH ROW EXECUTE FUNCTION accounts_end_tokens_of_members();
CREATE TRIGGER group_names_end_tokens AFTER UPDATE OF name ON auth_group
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION accounts_end_tokens_of_members();
"""
RIGHTS_BACKWARDS = """
DROP TRIGGER user_rights_end_tokens ON accounts_user;
DROP TRIGGER user_groups_end_tokens ON accounts_user_groups;
DROP TRIGGER user_permissions_end_tokens ON accounts_user_user_permissions;
DROP TRIGGER group_permissions_end_tokens ON auth_group_permissions;
DROP TRIGGER group_names_end_tokens ON auth_group;
DROP FUNCTION accounts_end_tokens_of_members();
DROP FUNCTION accounts_end_tokens_of_user();
DROP FUNCTION accounts_raise_token_version();
"""

# Of several devices the oldest confirmed one stays: it is the one that was asked for codes.
# Unconfirmed ones go: their secret was shown to everybody who had the password.
DEVICES_FORWARDS = """
DELETE FROM otp_totp_totpdevice WHERE NOT confirmed;
DELETE FROM otp_totp_totpdevice later USING otp_totp_totpdevice first
    WHERE later.user_id = first.user_id AND later.id > first.id;
CREATE UNIQUE INDEX one_authenticator_per_person ON otp_totp_totpdevice (user_id) WHERE confirmed;
CREATE TRIGGER new_authenticators_end_tokens AFTER INSERT ON otp_totp_totpdevice
    FOR EACH ROW WHEN (NEW.confirmed) EXECUTE FUNCTION accounts_end_tokens_of_user();
CREATE TRIGGER changed_authenticators_end_tokens AFTER UPDATE ON otp_totp_totpdevice
    FOR EACH ROW WHEN ((OLD.user_id, OLD.key, OLD.confirmed)
        IS DISTINCT FROM (NEW.user_id, NEW.key, NEW.confirmed))
    EXECUTE FUNCTION accounts_end_tokens_of_user();
CREATE TRIGGER lost_authenticators_end_tokens AFTER DELETE ON otp_totp_totpdevice
    FOR EACH ROW WHEN (OLD.confirmed) EXECUTE FUNCTION accounts_end_tokens_of_user();
"""
DEVICES_BACKWARDS = """
DROP TRIGGER lost_authenticators_end_tokens ON otp_totp_totpdevice;
DROP TRIGGER changed_authenticators_end_tokens ON otp_totp_totpdevice;
DROP TRIGGER new_authenticators_end_tokens ON otp_totp_totpdevice;
DROP INDEX one_authenticator_per_person;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_search"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("otp_totp", "0003_add_timestamps"),
    ]

    operations = [
        migrations.RunSQL(RIGHTS_FORWARDS, RIGHTS_BACKWARDS),
        migrations.RunSQL(DEVICES_FORWARDS, DEVICES_BACKWARDS),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "digest"), name="recovery_code_once_per_person"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EndedToken",
            fields=[
                ("jti", models.UUIDField(primary_key=True, serialize=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
