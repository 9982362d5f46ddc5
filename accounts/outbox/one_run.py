"""At most one run of a channel in the worker processes of one machine.

Without it, two runs that wait for a slow mail server would fill both slots of a worker, and its
other tasks would wait too: push messages, for example.
"""

import fcntl
import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from bookmyshow.core.time import database_now

from .models import Channel, Message
from .nudging import nudge
from .sending import send_due

log = logging.getLogger(__name__)


def send_alone(channel: Channel) -> int:
    """Send what is due, unless another process of this machine does; returns how many were sent.

    Asks for another run at the end, if messages became due while this one ended.
    """
    with one_run(channel) as is_alone:
        if not is_alone:
            return 0
        done = send_due(channel)
    if not done.is_refused and Message.objects.due(at=database_now(), channel=channel).exists():
        nudge(channel)
    return done.sent


@contextmanager
def one_run(channel: str) -> Iterator[bool]:
    """True if no other process of this machine is inside; the kernel frees it if we are killed.

    If no lock file can be made, it is True as well: messages are claimed one by one anyway.
    """
    path = _path(channel)
    try:
        file = _lock(path)
    except OSError as error:
        log.warning("no lock file for runs of %s: %s", channel, error)
        yield True
        return
    try:
        yield file is not None
    finally:
        if file is not None:
            # Removed while it is locked, so that it is never the file of another run.
            path.unlink(missing_ok=True)
            os.close(file)


def _lock(path: Path) -> int | None:
    """Make the file and lock it; returns its descriptor, or None if another process has the lock.

    Raises OSError if the file can't be made.
    """
    while True:
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        # Another run may have removed it in between: then this lock would keep nobody out.
        if _is(path, file):
            return file
        os.close(file)


def _is(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(file))
    except FileNotFoundError:
        return False


def _path(channel: str) -> Path:
    """One file for each database and system user."""
    settings = connection.settings_dict
    site = f"{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    name = hashlib.sha256(site.encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"bookmyshow-{os.getuid()}-{channel}-{name}.lock"
