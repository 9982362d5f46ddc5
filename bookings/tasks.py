from celery import shared_task

from . import services, sweep_heartbeat
from .notices import services as notices


@shared_task
def release_expired_holds() -> int:
    """Sweep lapsed holds. Beat starts it every SWEEP_SECONDS."""
    swept = services.sweep_lapsed_holds()
    sweep_heartbeat.note_sweep()
    return swept


# A run ends after notices.RUN_SECONDS. The limit is for a server that never finishes its reply.
@shared_task(soft_time_limit=90)
def send_notices() -> int:
    """Send due mails. Beat starts it every NOTICE_SECONDS."""
    return notices.send_due().sent
