"""Celery tasks that belong to no app."""

from celery import shared_task

from .db import partitions
from .time import database_now


@shared_task
def make_partitions() -> list[str]:
    """Make the partitions of the coming months. Runs once a day."""
    now = database_now()
    return [name for table in partitions.tables() for name in partitions.make_ahead(table, now)]
