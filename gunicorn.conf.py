"""Settings of gunicorn: several processes use all processors, and each has several threads, because
a request mostly waits for the database.

A thread waits for its client, so a few slow clients could block the site. For that reason gunicorn
listens on this machine only. Visitors connect to nginx, or to another proxy that buffers requests
and answers (docs/deploy.md).
"""

import gc
from pathlib import Path
from typing import Any

from bookmyshow.core.observability import multiprocess_dir
from bookmyshow.core.observability.logs import logging_config
from bookmyshow.environment import env, networks, switch, web_concurrency, whole_number

# Before the first metric is counted: the workers share one folder for their metrics.
multiprocess_dir.prepare()

port = whole_number("PORT", default=8000, least=1, most=65535)
bind = f"{env.str('BIND', default='127.0.0.1')}:{port}"

# Each thread may use one database connection. The default is at most 8 workers with 4 threads,
# which is well below PostgreSQL's default of 100 connections.
workers = web_concurrency()
worker_class = "gthread"
threads = whole_number("WEB_THREADS", default=4, least=1, most=64)

# Gunicorn believes X-Forwarded-Proto (that a request came over HTTPS) from these addresses only:
# a proxy on this machine, and TRUSTED_PROXIES, whose X-Forwarded-For the site believes too.
forwarded_allow_ips = ",".join(["127.0.0.1", "::1", *map(str, networks("TRUSTED_PROXIES"))])
# By default gunicorn also takes SCRIPT_NAME from these proxies. If a proxy passed on a visitor's
# own SCRIPT_NAME header, every link of the page would begin with the visitor's text.
forwarder_headers = ""

# A worker that does not respond for this many seconds is replaced. Waits for the database are
# shorter.
timeout = 60
# Hosting platforms usually send SIGKILL 30 s after SIGTERM.
graceful_timeout = 20
# Longer than a page's poll interval (5 s), so that a poll rarely opens a connection.
keepalive = 15

# The largest value that gunicorn allows. To a longer address gunicorn answers 414 with plain text,
# so the API can't answer in its own format (docs/api.md).
limit_request_line = 8190

# A heartbeat file on a disk can block a worker for as long as the disk is busy.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# Off, because all sites of one user would share one control socket in the home folder.
control_socket_disable = True

logconfig_dict = logging_config(as_json=not switch("DEBUG", default=False))


def post_worker_init(_worker: object) -> None:
    """Exclude all objects of the start-up from garbage collection, which makes its pauses short."""
    gc.collect()
    gc.freeze()


def child_exit(_arbiter: object, worker: Any) -> None:
    """Remove the live gauges of a worker that has ended."""
    # Imported late: prometheus_client reads the folder's name when it is imported.
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(_arbiter: object) -> None:
    """Delete the metrics' folder: the last worker has ended."""
    multiprocess_dir.remove()
