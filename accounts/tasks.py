"""Celery tasks of this app. The import of `email.queue` registers its tasks too."""

from celery import shared_task

from . import services
from .email import queue as mail_queue

__all__ = ["clear_sessions", "mail_queue"]


@shared_task
def clear_sessions() -> int:
    """Runs once a day. Nothing else deletes expired sessions."""
    return services.clear_expired_sessions()
