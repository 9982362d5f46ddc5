"""Asks a worker to send what is due, or to run another task now, without making anybody wait for
the broker.

A thread of this process talks to the broker. A caller only sets a flag, so a request takes the
same time while the broker is slow or down. A lost nudge does no harm: beat starts a run every few
seconds.
"""

import logging
import os
import threading
import time

from bookmyshow.celery import app, send_at_once

from .models import Channel

log = logging.getLogger(__name__)

TASKS = {Channel.MAIL: "accounts.tasks.send_mail", Channel.PUSH: "accounts.tasks.send_push"}
# At most one nudge in this time, from each process.
PAUSE_SECONDS = 0.2
# A nudge that failed is tried again after this time.
OUTAGE_SECONDS = 1.0
# A nudge that no worker took until then is dropped, because beat's next run does the same.
EXPIRES_SECONDS = 15


class Nudger:
    """The thread of one process. It starts with the first nudge, and ends with the process."""

    def __init__(self) -> None:
        self._tasks: set[str] = set()
        self._is_wanted = threading.Event()
        self._starting = threading.Lock()
        self._process = 0
        self._is_away = False

    def nudge(self, channel: Channel = Channel.MAIL) -> None:
        """Ask a worker to send what is due. Call it on commit. Returns at once; raises nothing."""
        self.run_soon(TASKS[channel])

    def run_soon(self, task: str) -> None:
        """Ask a worker to run the task of this name, which beat starts anyway. Call it on commit.
        Returns at once; raises nothing."""
        if app.conf.task_always_eager:
            return  # There are no workers.
        self._tasks.add(task)
        self._is_wanted.set()
        # A fork copies this object, but not its thread.
        if self._process != os.getpid():
            with self._starting:
                if self._process != os.getpid():
                    self._process = os.getpid()
                    threading.Thread(target=self._run, name="outbox-nudge", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._is_wanted.wait()
            self._is_wanted.clear()
            time.sleep(PAUSE_SECONDS if self._send() else OUTAGE_SECONDS)

    def _send(self) -> bool:
        while self._tasks and not app.conf.task_always_eager:
            task = self._tasks.pop()
            try:
                send_at_once(task, expires=EXPIRES_SECONDS)
            except Exception as error:  # kombu, redis and sockets raise errors of different classes
                if not self._is_away:
                    log.warning("no worker was asked to send messages: %s", type(error).__name__)
                self._is_away = True
                self._tasks.add(task)
                self._is_wanted.set()
                return False
            self._is_away = False
        return True


_nudger = Nudger()
nudge, run_soon = _nudger.nudge, _nudger.run_soon
