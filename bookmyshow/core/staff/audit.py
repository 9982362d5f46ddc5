"""Writes the audit log: who did what, and when. The admin's own "History" uses the same table.

A database trigger refuses to change or delete lines (migration `append_only_audit_log`). Write a
line in the transaction of the change, so that both are committed or neither is.
"""

from collections.abc import Sequence

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

__all__ = ["ADDITION", "CHANGE", "DELETION", "record", "record_each", "record_list"]
MAX_NAME = 200


def record(*, by: AbstractBaseUser, about: Model, what: str, kind: int = CHANGE) -> LogEntry:
    """Add a line: `by` has done `what` (a sentence in the past tense) to `about`, now.

    For a deletion, call this before the object is deleted, because afterwards it has no id.
    """
    return LogEntry.objects.create(
        user_id=by.pk,
        content_type_id=ContentType.objects.get_for_model(about).pk,
        object_id=str(about.pk),
        object_repr=str(about)[:MAX_NAME],
        action_flag=kind,
        change_message=what,
    )


def record_each(
    *, by: AbstractBaseUser, about: Sequence[Model], what: str, kind: int = CHANGE
) -> None:
    """Add a line about each object in `about`, with one INSERT."""
    LogEntry.objects.bulk_create(
        LogEntry(
            user_id=by.pk,
            content_type_id=ContentType.objects.get_for_model(thing).pk,
            object_id=str(thing.pk),
            object_repr=str(thing)[:MAX_NAME],
            action_flag=kind,
            change_message=what,
        )
        for thing in about
    )


def record_list(*, by: AbstractBaseUser, model: type[Model], what: str) -> LogEntry:
    """Add a line about a list of a model's rows, for example "Exported as CSV."."""
    return LogEntry.objects.create(
        user_id=by.pk,
        content_type_id=ContentType.objects.get_for_model(model).pk,
        object_repr=str(model._meta.verbose_name_plural)[:MAX_NAME],
        action_flag=CHANGE,
        change_message=what,
    )
