"""Which commands use a server, told by locks that the kernel drops with their holders.

Three locks (flock) for each service in ``.data/run/``:

``<service>.members``  shared by every command that uses the server; the keeper waits for it
                       exclusively, and so learns that the last one has gone, killed or not.
``<service>.keeper``   exclusive, held by the keeper for its life; its content is the keeper's pid.
                       Commands take it shared, for a moment, to learn that there is no keeper.
``<service>.start``    exclusive, held while a command starts the keeper, so that one does.

A thread of every command waits for the keeper's lock. It gets the lock when the keeper has been
killed, and then starts another keeper.
"""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from .paths import LOG, ROOT, RUN, EmbeddedError, open_log

START_SECONDS = 90.0
#: The pause between two keepers, should one be killed over and over.
RESTART_SECONDS = 1.0


def open_lock(service: str, role: str) -> int:
    """Open the lock file; the descriptor is not inherited unless asked for."""
    return os.open(RUN / f"{service}.{role}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, kind: int) -> bool:
    """Take the lock (LOCK_SH or LOCK_EX) if that needs no waiting."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def url_file(service: str) -> Path:
    """Return the file in which the keeper leaves the server's address."""
    return RUN / f"{service}.url"


class Membership:
    """This process's use of one service, as a context manager: joins on entry, leaves on exit."""

    def __init__(self, service: str) -> None:
        self.service = service
        #: To be inherited by the command: should this process be killed, the server lasts as long
        #: as the command does.
        self.descriptor = -1
        #: The keeper, if this process started it.
        self.keeper: subprocess.Popen[bytes] | None = None
        self._left = False
        #: Held while this process starts a keeper or leaves, so that it never does both.
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        """Join the running server or start one. Raises EmbeddedError."""
        self.descriptor = open_lock(self.service, "members")
        try:
            self._ensure_keeper()
        except BaseException:
            self.__exit__()
            raise
        threading.Thread(target=self._replace_keepers, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave, and return when the server has stopped if this was the last one out."""
        with self._turn:
            self._left = True
        if try_lock(self.descriptor, fcntl.LOCK_EX):
            self._stop_keeper()
        elif not try_lock(self.descriptor, fcntl.LOCK_SH):
            # Nobody else is in: the keeper was quicker to see it, and is stopping the server.
            fcntl.flock(self.descriptor, fcntl.LOCK_SH)
            self._bury_keeper()
        # The command's left-over children may have inherited the descriptor: closing is not enough.
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        os.close(self.descriptor)

    def url(self) -> str:
        """Return the server's address."""
        return url_file(self.service).read_text(encoding="utf-8").strip()

    def _ensure_keeper(self) -> None:
        """Start a keeper if there is none. Raises EmbeddedError."""
        start = open_lock(self.service, "start")
        try:
            fcntl.flock(start, fcntl.LOCK_EX)
            # Waits while a keeper that saw the last one go is stopping its server.
            fcntl.flock(self.descriptor, fcntl.LOCK_SH)
            if self._keeper_pid() is None:
                self._start_keeper()
        finally:
            os.close(start)

    def _replace_keepers(self) -> None:
        """Start another keeper whenever one is killed, until this process leaves."""
        while True:
            lock = open_lock(self.service, "keeper")
            try:
                fcntl.flock(lock, fcntl.LOCK_SH)
            finally:
                os.close(lock)
            with self._turn:
                if self._left:
                    return
                print(f"{self.service}'s keeper ended; it starts again", file=sys.stderr)
                try:
                    self._ensure_keeper()
                except EmbeddedError as error:
                    print(f"embedded: {error}", file=sys.stderr)
            time.sleep(RESTART_SECONDS)

    def _keeper_pid(self) -> int | None:
        """Return the pid of the keeper, None if there is none."""
        lock = open_lock(self.service, "keeper")
        try:
            if try_lock(lock, fcntl.LOCK_SH):
                return None
            return int(os.pread(lock, 20, 0) or b"0")
        finally:
            os.close(lock)

    def _start_keeper(self) -> None:
        log = open_log("keeper")
        try:
            self.keeper = keeper = subprocess.Popen(
                [sys.executable, "-m", "bookmyshow.embedded.keeper", self.service],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)
        assert keeper.stdout is not None
        try:
            with keeper.stdout as pipe:
                ready, _, _ = select.select([pipe], [], [], START_SECONDS)
                answer = pipe.readline().decode().strip() if ready else ""
            if answer != "ready":
                raise EmbeddedError(answer or f"{self.service} did not start: see {LOG}")
        except BaseException:
            keeper.terminate()
            keeper.wait()
            raise

    def _stop_keeper(self) -> None:
        pid = self._keeper_pid()
        if not pid:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        lock = open_lock(self.service, "keeper")
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
        finally:
            os.close(lock)
        self._bury_keeper()

    def _bury_keeper(self) -> None:
        # Not every container's first process does that for the orphans it gets.
        if self.keeper is not None:
            self.keeper.wait()
