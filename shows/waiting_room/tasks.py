from celery import shared_task

from . import admission


@shared_task
def admit() -> int:
    """Let the next people in. Beat starts it every ADMIT_SECONDS."""
    return admission.admit_all()
