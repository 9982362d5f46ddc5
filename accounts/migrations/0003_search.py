"""Staff find people and lines of the audit log by an index, and lists have their order from one."""

import django.contrib.postgres.indexes
from django.db import migrations, models

import accounts.models

# Words are taken as they are, without a parser's idea of them: an email is one, and each of its
# parts is another; each end of a phone number is one, so that any four figures of it find it. A
# tsvector refuses words of more than 2 KB.
FUNCTIONS = r"""
CREATE FUNCTION accounts_fold(text text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(normalize(lower(text), NFD), '[\u0300-\u036f]', '', 'g');

CREATE FUNCTION accounts_words(name text, email text, phone text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN array_to_tsvector(ARRAY(
    SELECT DISTINCT word
    FROM unnest(
        regexp_split_to_array(accounts_fold(name), '\s+')
        || regexp_split_to_array(lower(email), '[@._+-]+')
        || lower(email)
        || ARRAY(
            SELECT right(digits, size)
            FROM regexp_replace(phone, '\D', '', 'g') AS digits
            CROSS JOIN LATERAL generate_series(4, length(digits)) AS size
        )
    ) AS word
    WHERE word <> ''
));

CREATE FUNCTION accounts_log_words(about text, message text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN array_to_tsvector(ARRAY(
    SELECT DISTINCT word
    FROM regexp_split_to_table(accounts_fold(about || ' ' || message), '[^[:alnum:]]+') AS word
    WHERE length(word) BETWEEN 1 AND 100
));

CREATE FUNCTION accounts_words_query(typed text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT coalesce(string_agg(
        '''' || replace(replace(word, '\', '\\'), '''', '''''') || ''':*', ' & '), '')::tsquery
    FROM regexp_split_to_table(
        CASE WHEN typed ~ '^[-0-9 +()./]+$' THEN regexp_replace(typed, '\D', '', 'g')
             ELSE accounts_fold(typed) END,
        '\s+') AS word
    WHERE word <> ''
);
"""
DROP_FUNCTIONS = """
DROP FUNCTION accounts_words_query;
DROP FUNCTION accounts_log_words;
DROP FUNCTION accounts_words;
DROP FUNCTION accounts_fold;
"""
# The table is Django's, so no model of ours can name these.
LOG_INDEXES = """
CREATE INDEX admin_log_latest ON django_admin_log (action_time, id);
CREATE INDEX admin_log_words ON django_admin_log
    USING gin (accounts_log_words(object_repr::text, change_message));
"""
DROP_LOG_INDEXES = "DROP INDEX admin_log_latest; DROP INDEX admin_log_words;"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_append_only_audit_log")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["email"], name="user_email"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["created_at"], name="user_created_at"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=django.contrib.postgres.indexes.GinIndex(
                accounts.models.Words("name", "email", "phone"), name="user_words"
            ),
        ),
        migrations.RunSQL(LOG_INDEXES, DROP_LOG_INDEXES),
    ]
