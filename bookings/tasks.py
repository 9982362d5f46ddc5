from celery import shared_task

from . import services, sweep_heartbeat
from .notices import services as notices


@shared_task
def release_expired_holds() -> int:
    """Beat's sweep, every SWEEP_SECONDS."""
    swept = services.sweep_lapsed_holds()
    sweep_heartbeat.note_sweep()
    return swept


# A run ends by itself after notices.RUN_SECONDS, unless a server never finishes its reply.
@shared_task(soft_time_limit=90)
def send_notices() -> int:
    """The mails that are due, every NOTICE_SECONDS."""
    return notices.send_due().sent
