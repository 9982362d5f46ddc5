from celery import shared_task

from . import services


@shared_task
def clear_sessions() -> int:
    """Once a day: the database would keep every session for ever."""
    return services.clear_expired_sessions()
