from celery import shared_task

from . import services, sweep_heartbeat
from .documents import numbering
from .guests import forgetting
from .mails import receipt_wait, reminders
from .payments.refunds import queue as refund_queue
from .push import scanners
from .waiting_list import services as waiting


@shared_task
def release_expired_holds() -> int:
    """Sweep lapsed holds. Beat starts it every SWEEP_SECONDS."""
    swept = services.sweep_lapsed_holds()
    sweep_heartbeat.note_sweep()
    return swept


@shared_task
def tend_waiting_lists() -> int:
    """Close waiting lists, and offer what became free. Beat starts it every WAITING_SECONDS."""
    return waiting.tend_lists()


@shared_task
def forget_guests() -> int:
    """Delete guests who bought nothing. Beat starts it every night."""
    return forgetting.forget_guests()


@shared_task
def write_reminders() -> int:
    """Write the mails about shows that begin soon. Beat starts it every REMINDER_SECONDS."""
    return reminders.write_reminders()


@shared_task
def number_documents(*, nightly: bool = False) -> int:
    """Write invoices and credit notes. Beat starts it every DOCUMENT_SECONDS, and once a night to
    look farther back; a payment asks for it at once."""
    look = numbering.Look.NIGHTLY if nightly else numbering.Look.USUAL
    done = numbering.number_documents(look)
    if done:
        receipt_wait.receipts_are_numbered()
    return done


# After refund_queue.RUN_SECONDS a run starts no other refund, and a call to a provider ends after
# 5 seconds.
@shared_task(soft_time_limit=90)
def send_refunds() -> int:
    """Send due refunds. Beat starts it every REFUND_SECONDS."""
    return refund_queue.send_due().sent


@shared_task
def write_hold_pushes() -> int:
    """Write push messages about holds that end soon. Beat starts it every PUSH_SECONDS."""
    return scanners.write_hold_ends()


@shared_task
def write_show_pushes() -> int:
    """Write push messages about shows that start soon. Beat starts it every minute."""
    return scanners.write_show_starts()
