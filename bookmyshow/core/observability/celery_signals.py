"""Connects Celery to the site's logs, request ids and metrics.

Workers use the log settings of the web process. While a task runs, its log lines have the id of the
request that queued it. The metrics count each task's duration and outcome.
"""

import logging.config
import os
import time
from typing import Any

from celery import Task, signals
from django.conf import settings
from prometheus_client import multiprocess

from . import metrics, request_id

# The header of a task's message that has the id of the request.
HEADER = "request_id"
# The start of each running task, by task id.
_started: dict[str, float] = {}


def _configure_logging(**_signal: Any) -> None:
    logging.config.dictConfig(settings.LOGGING)


def _send_request_id(headers: dict[str, Any], **_signal: Any) -> None:
    headers[HEADER] = request_id.current()


def _begin(task_id: str, task: Task, **_signal: Any) -> None:
    # A task that no request queued (Celery beat, a command) uses its own id.
    request_id.adopt(getattr(task.request, HEADER, "") or task_id)
    _started[task_id] = time.perf_counter()


def _end(task_id: str, task: Task, state: str, **_signal: Any) -> None:
    started = _started.pop(task_id, None)
    if started is not None:
        metrics.TASKS.labels(task.name).observe(time.perf_counter() - started)
    metrics.TASKS_DONE.labels(task.name, (state or "unknown").lower()).inc()


def _forget_process(pid: int, **_signal: Any) -> None:
    """Remove the gauges of a worker process that has ended."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(pid)


def connect_task_signals() -> None:
    """Connect the handlers; called once when Django starts."""
    signals.setup_logging.connect(_configure_logging)
    signals.before_task_publish.connect(_send_request_id)
    signals.task_prerun.connect(_begin)
    signals.task_postrun.connect(_end)
    signals.worker_process_shutdown.connect(_forget_process)
