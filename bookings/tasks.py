from celery import shared_task

from . import services, sweeper


@shared_task
def release_expired_holds() -> int:
    """Beat's sweep, every SWEEP_SECONDS."""
    expired = services.expire_holds()
    sweeper.note_sweep()
    return expired
