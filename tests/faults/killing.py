"""The site's application and Celery, in processes that die beside a call to the payment provider.

Gunicorn and Celery load this module instead of the site's own. A test makes the file
``capture-after`` in `KILL_FOLDER`, for example, and the next process that has captured a payment
dies before it can write that down. The process removes the file first, so each file kills one
process.
"""

import os
import signal
from pathlib import Path
from typing import Any

from bookings.payments import providers
from bookmyshow.celery import app as app
from bookmyshow.wsgi import application as application

OPERATIONS = ("create", "fetch", "capture", "cancel", "refund")


class Killing:
    """A provider that kills its process before or after a call if there is a file for it."""

    def __init__(self, provider: Any, folder: Path) -> None:
        self._provider = provider
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._provider, name)
        if name not in OPERATIONS:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._die_at(f"{name}-before")
            answer = found(*args, **kwargs)
            self._die_at(f"{name}-after")
            return answer

        return call

    def _die_at(self, step: str) -> None:
        try:
            (self._folder / step).unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def install() -> None:
    """Let every provider of this process look for the files."""
    make, folder = providers.provider, Path(os.environ["KILL_FOLDER"])
    providers.provider = lambda code: Killing(make(code), folder)


install()
