"""The Celery application. Broker and beat schedule are in Django's settings (CELERY_*)."""

import os

from celery import Celery, Task
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookmyshow.settings")

# kombu's own transports end the worker if the broker is lost during a task.
TRANSPORT_ALIASES |= dict.fromkeys(
    ("redis", "rediss"), "bookmyshow.serving.celery_transport:Transport"
) | {"sentinel": "bookmyshow.serving.celery_transport:SentinelTransport"}
BROKER_SECONDS = 0.5

app = Celery("bookmyshow", amqp="bookmyshow.serving.celery_transport:Messages")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def send_at_once(task: Task | str, *args: object, expires: float | None = None) -> None:
    """Queue a task, or the task of this name, for somebody who must not wait for a broker that is
    away.

    It tries once, for BROKER_SECONDS at most. A worker drops the task after `expires` seconds.
    Raises errors of kombu, redis or sockets, which have no common class.
    """
    once = {
        "socket_timeout": BROKER_SECONDS,
        "socket_connect_timeout": BROKER_SECONDS,
        # kombu would try again for 4 s.
        "max_retries": 0,
    }
    with app.connection_for_write(transport_options=once) as broker:
        options = {"connection": broker, "retry": False, "expires": expires}
        if isinstance(task, str):
            app.send_task(task, args, **options)
        else:
            task.apply_async(args, **options)


def queues() -> list[str]:
    """The names of all queues that tasks are sent to, sorted. Each needs a worker."""
    routes = app.conf.task_routes or {}
    return sorted({app.conf.task_default_queue, *(route["queue"] for route in routes.values())})
