"""Settings of gunicorn.

Several processes use all processors. Each has several threads, because a request mostly waits for
the database.

A thread waits for its client, so a few slow clients could block the site. For that reason gunicorn
by default listens on this machine only. Visitors connect to nginx, or to another proxy that buffers
requests and answers (docs/deploy.md).
"""

import ctypes
import gc
from contextlib import suppress
from pathlib import Path
from typing import Any

from bookmyshow.core.observability import multiprocess_dir
from bookmyshow.core.observability.logs import LEVELS, logging_config
from bookmyshow.environment import env, networks, one_of, switch, web_concurrency, whole_number

# The workers share one folder for their metrics. It must exist before the first metric is counted.
multiprocess_dir.prepare()

port = whole_number("PORT", default=8000, least=1, most=65535)
bind = f"{env.str('BIND', default='127.0.0.1')}:{port}"

# Each thread may use one database connection. The default is at most 8 workers with 4 threads,
# which is well below PostgreSQL's default of 100 connections.
workers = web_concurrency()
worker_class = "gthread"
threads = whole_number("WEB_THREADS", default=4, least=1, most=64)

# Gunicorn accepts X-Forwarded-Proto (which says that a request came over HTTPS) only from proxies
# on this machine and from TRUSTED_PROXIES. From the latter the site also accepts X-Forwarded-For.
forwarded_allow_ips = ",".join(["127.0.0.1", "::1", *map(str, networks("TRUSTED_PROXIES"))])
# By default gunicorn also accepts a SCRIPT_NAME header from these proxies. If a proxy passed on
# such a header from a visitor, every link of the page would begin with the visitor's text.
forwarder_headers = ""

# A worker that does not respond for this many seconds is replaced. Waits for the database are
# shorter.
timeout = 60
# After SIGTERM, requests may finish for this many seconds. Hosting platforms usually send SIGKILL
# 30 s after SIGTERM.
graceful_timeout = 20
# Longer than a page's poll interval (5 s), so that a poll rarely opens a connection.
keepalive = 15

# The largest value that gunicorn allows. If a request line is longer, gunicorn itself answers 414,
# not in the API's format (docs/api.md).
limit_request_line = 8190

# The folder of the workers' heartbeat files, in memory if possible. On a disk, a heartbeat can
# block a worker while the disk is busy.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# Off, because all sites of one user would share one control socket in the home folder.
control_socket_disable = True

# glibc gives each thread a heap of its own, which keeps free memory for that thread. With one heap
# for all threads a worker has 1.5 MiB less. Threads rarely allocate at the same moment, because
# Python runs one at a time. -8 is glibc's M_ARENA_MAX; other C libraries have no mallopt.
with suppress(AttributeError):
    ctypes.CDLL(None).mallopt(-8, 1)

logconfig_dict = logging_config(
    as_json=not switch("DEBUG", default=False),
    level=one_of("LOG_LEVEL", *LEVELS, default="INFO"),
)


def post_worker_init(_worker: object) -> None:
    """Exclude the objects of the start-up from garbage collection, so that its pauses are short."""
    gc.collect()
    gc.freeze()


def child_exit(_arbiter: object, worker: Any) -> None:
    """Remove the live gauges of a worker that has ended."""
    # Imported late: prometheus_client reads the folder's name when it is imported.
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(_arbiter: object) -> None:
    """Delete the metrics' folder if `prepare` created it. All workers have ended."""
    multiprocess_dir.remove()
