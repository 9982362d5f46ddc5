from celery import shared_task

from . import services


@shared_task
def release_expired_holds() -> int:
    """Beat's sweep, every SWEEP_SECONDS."""
    return services.expire_holds()
