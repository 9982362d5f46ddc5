"""Celery tasks of this app."""

from celery import shared_task

from . import services
from .email import old_tasks
from .outbox import services as outbox
from .outbox.models import Channel
from .outbox.one_run import send_alone
from .push.sending import send_due_pushes

__all__ = ["clear_old_messages", "clear_sessions", "old_tasks", "send_mail", "send_push"]


@shared_task
def clear_sessions() -> int:
    """Runs once a day. Nothing else deletes expired sessions."""
    return services.clear_expired_sessions()


@shared_task
def clear_old_messages() -> int:
    """Runs once a day."""
    return outbox.clear_old_messages()


# After sending.RUN_SECONDS a run starts no other message. The time limit ends a run in which the
# server never finishes its reply.
@shared_task(soft_time_limit=90)
def send_mail() -> int:
    """Send due mails. Beat starts it every MAIL_SECONDS, and so does a nudge."""
    return send_alone(Channel.MAIL)


@shared_task(soft_time_limit=90)
def send_push() -> int:
    """Send due push messages. Beat starts it every PUSH_SECONDS, and so does a nudge."""
    return send_due_pushes()
