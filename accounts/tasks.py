"""The tasks of this app that Celery finds: those here, and the mails of `mail_queue`."""

from celery import shared_task

from . import services
from .email import queue as mail_queue

__all__ = ["clear_sessions", "mail_queue"]


@shared_task
def clear_sessions() -> int:
    """Once a day. Nothing else deletes sessions that ended."""
    return services.clear_expired_sessions()
