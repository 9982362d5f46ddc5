"""Celery tasks of this app."""

from celery import shared_task

from . import services


@shared_task
def tell_bookable() -> int:
    """Beat starts it every TELL_SECONDS."""
    return services.tell_bookable()


@shared_task
def forget_old_wishes() -> int:
    """Runs once a day."""
    return services.forget_old()
