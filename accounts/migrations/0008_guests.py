"""Guests: people without an account. An email is unique among accounts only.

The old release can serve meanwhile: the column has a default in the database, indexes are built
without a lock, and constraints are validated after they were added.
"""

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Lower

from bookmyshow.core.db.operations import build_index

UNIQUE = "user_email_unique_any_case"
# The new index is built beside the old one and then takes its name, so that the email of an account
# is unique all the time. `sign_up` knows the constraint by its name.
ONLY_ACCOUNTS = (
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "DROP INDEX CONCURRENTLY IF EXISTS user_email_unique_next",
    "CREATE UNIQUE INDEX CONCURRENTLY user_email_unique_next ON accounts_user (lower(email))"
    " WHERE NOT is_guest",
    "RESET statement_timeout",
    "RESET lock_timeout",
    f"DROP INDEX {UNIQUE}",
    f"ALTER INDEX user_email_unique_next RENAME TO {UNIQUE}",
)
EVERYBODY = (
    "CREATE UNIQUE INDEX CONCURRENTLY user_email_unique_next ON accounts_user (lower(email))",
    f"DROP INDEX {UNIQUE}",
    f"ALTER INDEX user_email_unique_next RENAME TO {UNIQUE}",
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0007_mailable_emails")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_guest",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                verbose_name="guest, without an account",
            ),
        ),
        # For the list of accounts: most guests have no email and would come first in it.
        *build_index(
            "user",
            models.Index(
                condition=Q(is_guest=False), fields=["email"], name="user_accounts_by_email"
            ),
        ),
        RemoveIndexConcurrently(model_name="user", name="user_email"),
        *build_index(
            "user",
            models.Index(
                condition=Q(is_guest=True), fields=["created_at", "id"], name="user_guests"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(ONLY_ACCOUNTS, EVERYBODY)],
            state_operations=[
                migrations.RemoveConstraint("user", UNIQUE),
                migrations.AddConstraint(
                    "user",
                    models.UniqueConstraint(
                        Lower("email"),
                        condition=Q(is_guest=False),
                        name=UNIQUE,
                        violation_error_message="An account with this email already exists.",
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint("user", "user_email_not_empty"),
        AddConstraintNotValid(
            "user",
            models.CheckConstraint(
                condition=~Q(email="") | Q(is_guest=True), name="user_email_not_empty"
            ),
        ),
        ValidateConstraint("user", "user_email_not_empty"),
        AddConstraintNotValid(
            "user",
            models.CheckConstraint(
                condition=Q(is_guest=False)
                | Q(
                    is_staff=False,
                    is_superuser=False,
                    password__startswith="!",
                    last_login__isnull=True,
                ),
                name="user_guest_never_logs_in",
            ),
        ),
        ValidateConstraint("user", "user_guest_never_logs_in"),
    ]
