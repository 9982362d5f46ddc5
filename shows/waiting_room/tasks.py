from celery import shared_task

from . import admission


@shared_task
def admit() -> int:
    """Let the next people in. Beat starts it every ADMIT_SECONDS."""
    return admission.admit_all()


@shared_task
def forget_old_places() -> int:
    """Runs once a day."""
    return admission.forget_old_places()
