"""The Celery application: broker and beat schedule come from Django's settings (CELERY_*)."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookmyshow.settings")

TRANSPORT_ALIASES |= dict.fromkeys(
    ("redis", "rediss"), "bookmyshow.serving.celery_transport:Transport"
)
app = Celery("bookmyshow")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def queues() -> list[str]:
    """All queues that tasks are sent to; each needs a worker that takes it."""
    routes = app.conf.task_routes or {}
    return sorted({app.conf.task_default_queue, *(route["queue"] for route in routes.values())})
