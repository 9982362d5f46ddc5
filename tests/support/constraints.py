"""Checks that the database itself refuses what a named constraint forbids."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction


@contextmanager
def refused_by(name: str) -> Iterator[None]:
    """Assert that the block breaks a constraint whose name begins with `name`."""
    with pytest.raises(IntegrityError, match=f'constraint "{name}'), transaction.atomic():  # noqa: PT012
        yield
        check_now()


def check_now() -> None:
    """Check foreign keys now. They are checked at the commit, but a test's transaction has none."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def drop(table: str, *names: str) -> None:
    """Drop constraints that hide the one under test. The end of the test rolls this back."""
    check_now()
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')


def names_in(app_label: str) -> set[str]:
    """Every named constraint of an app's models."""
    models = apps.get_app_config(app_label).get_models()
    return {constraint.name for model in models for constraint in model._meta.constraints}
