"""What Celery finds of this app: the tasks here, and the mails of `mail_queue`."""

from celery import shared_task

from . import mail_queue, services

__all__ = ["clear_sessions", "mail_queue"]


@shared_task
def clear_sessions() -> int:
    """Once a day: the database would keep every session for ever."""
    return services.clear_expired_sessions()
