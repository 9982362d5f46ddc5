"""Gunicorn: threads for waits on the database, processes for the processors."""

import os
from pathlib import Path

from bookmyshow.environment import env, whole

bind = f"{env.str('BIND', default='0.0.0.0')}:{whole('PORT', default=8000, least=1, most=65535)}"

# Each thread may hold a database connection: 8 workers of 8 threads stay well below the
# server's usual limits on machines with many processors too.
workers = whole("WEB_CONCURRENCY", default=min(max(os.cpu_count() or 1, 2), 8), least=1, most=256)
worker_class = "gthread"
threads = whole("WEB_THREADS", default=8, least=1, most=64)

# A worker that answers nothing for so long is replaced. Every wait on the database is shorter.
timeout = 60
# Platforms that send SIGTERM before a deploy give 30 s before SIGKILL.
graceful_timeout = 20
# Longer than a page's poll interval (5 s), so that a poll rarely opens a connection.
keepalive = 15

# A heartbeat file on a disk can block a worker for as long as the disk is busy.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# It would be one file in the home folder for all the sites of a user.
control_socket_disable = True
