"""Gunicorn: threads for waits on the database, processes for the processors.

Each thread waits for its client, so a few slow clients can block the site. So gunicorn listens on
this machine only. Visitors reach nginx, or a router that buffers requests and answers
(docs/deploy.md).
"""

import gc
from pathlib import Path
from typing import Any

from bookmyshow.core.observability import multiprocess_dir
from bookmyshow.core.observability.logs import logging_config
from bookmyshow.environment import env, networks, switch, web_concurrency, whole

# Before anything is counted: all workers add up in one folder.
multiprocess_dir.prepare()

bind = f"{env.str('BIND', default='127.0.0.1')}:{whole('PORT', default=8000, least=1, most=65535)}"

# Each thread may hold a database connection: 8 workers of 4 threads stay well below the
# server's usual limits on machines with many processors too.
workers = web_concurrency()
worker_class = "gthread"
threads = whole("WEB_THREADS", default=4, least=1, most=64)

# Who may say that a request came over HTTPS (X-Forwarded-Proto): the same hops that may say from
# whom, and a proxy on this machine.
forwarded_allow_ips = ",".join(["127.0.0.1", "::1", *map(str, networks("TRUSTED_PROXIES"))])
# They may not say where the site lies, as gunicorn lets them: behind a proxy that passes on a
# visitor's own SCRIPT_NAME, every link of the page would begin with it.
forwarder_headers = ""

# A worker that answers nothing for so long is replaced. Every wait on the database is shorter.
timeout = 60
# Platforms that send SIGTERM before a deploy give 30 s before SIGKILL.
graceful_timeout = 20
# Longer than a page's poll interval (5 s), so that a poll rarely opens a connection.
keepalive = 15

# The largest value that gunicorn takes. The site answers addresses up to this length, the API in
# its own shape; for longer ones gunicorn answers 414 with a text (docs/api.md).
limit_request_line = 8190

# A heartbeat file on a disk can block a worker for as long as the disk is busy.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# It would be one file in the home folder for all the sites of a user.
control_socket_disable = True

logconfig_dict = logging_config(as_json=not switch("DEBUG", default=False))


def post_worker_init(_worker: object) -> None:
    """Leave what was imported out of every later collection of garbage, and out of its pauses."""
    gc.collect()
    gc.freeze()


def child_exit(_arbiter: object, worker: Any) -> None:
    """Tell the metrics that a worker is gone."""
    # Not earlier: it looks for its folder when it is imported.
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(_arbiter: object) -> None:
    """The last worker is gone, and nobody reads its metrics any more."""
    multiprocess_dir.remove()
