"""The Celery application. Broker and beat schedule are in Django's settings (CELERY_*)."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookmyshow.settings")

# kombu's own transport ends the worker if the broker is lost during a task.
TRANSPORT_ALIASES |= dict.fromkeys(
    ("redis", "rediss"), "bookmyshow.serving.celery_transport:Transport"
)
app = Celery("bookmyshow")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def queues() -> list[str]:
    """The names of all queues that tasks are sent to, sorted. Each needs a worker."""
    routes = app.conf.task_routes or {}
    return sorted({app.conf.task_default_queue, *(route["queue"] for route in routes.values())})
