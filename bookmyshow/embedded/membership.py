"""Tracks which commands use a server, with file locks: the kernel frees them when a process ends.

Each service has three locks (flock) in ``.data/run/``:

``<service>.members``  Every command that uses the server holds it shared. The keeper waits for it
                       exclusively, and gets it when the last command has ended or was killed.
``<service>.keeper``   The keeper holds it exclusively as long as it runs. The file contains its
                       pid. If a command can take the lock shared, no keeper runs.
``<service>.start``    A command holds it exclusively while it starts the keeper. So no two commands
                       start one at the same time.

In every command a thread waits for the keeper's lock. The thread gets it if the keeper was killed,
and then starts another keeper.
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

#: More than a keeper takes on the slowest machine (`READY_SECONDS` of the keeper).
START_SECONDS = 150.0
#: The pause before a keeper that was killed is replaced.
RESTART_SECONDS = 1.0


def open_lock(service: str, role: str) -> int:
    """Open the lock file and return its descriptor, which only `pass_fds` passes to a child."""
    return os.open(RUN / f"{service}.{role}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, kind: int) -> bool:
    """Take the lock (LOCK_SH or LOCK_EX) without waiting. Returns whether that worked."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def url_file(service: str) -> Path:
    """Return the file to which the keeper writes the server's address."""
    return RUN / f"{service}.url"


class Membership:
    """Context manager: this process uses one service from entry to exit."""

    def __init__(self, service: str) -> None:
        self.service = service
        #: The open ``members`` lock file. The command inherits it, so the server runs until the
        #: command ends, even if this process is killed.
        self.descriptor = -1
        #: The keeper, if this process started it.
        self.keeper: subprocess.Popen[bytes] | None = None
        self._left = False
        #: Held while a killed keeper is replaced, and while `_left` is set. So no keeper is started
        #: after this process has left.
        self._keeper_start_lock = threading.Lock()

    def __enter__(self) -> Self:
        """Use the running server, or start one. Raises EmbeddedError."""
        self.descriptor = open_lock(self.service, "members")
        try:
            self._ensure_keeper()
        except BaseException:
            self.__exit__()
            raise
        threading.Thread(target=self._replace_keepers, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop using the server. If no other command uses it, return when it has stopped."""
        with self._keeper_start_lock:
            self._left = True
        if try_lock(self.descriptor, fcntl.LOCK_EX):
            self._stop_keeper()
        elif not try_lock(self.descriptor, fcntl.LOCK_SH):
            # The failed try for LOCK_EX released our shared lock, and the keeper took the lock. It
            # now stops the server, because no command is left. Wait for that.
            fcntl.flock(self.descriptor, fcntl.LOCK_SH)
            self._reap_keeper()
        # Unlock explicitly: left-over children of the command may still have the descriptor open.
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
            # A keeper that is stopping its server has this lock exclusively. Wait for its end.
            fcntl.flock(self.descriptor, fcntl.LOCK_SH)
            if self._keeper_pid() is None:
                self._start_keeper()
        finally:
            os.close(start)

    def _replace_keepers(self) -> None:
        """Start another keeper whenever one was killed, until this process leaves."""
        while True:
            lock = open_lock(self.service, "keeper")
            try:
                fcntl.flock(lock, fcntl.LOCK_SH)
            finally:
                os.close(lock)
            with self._keeper_start_lock:
                if self._left:
                    return
                print(f"{self.service}'s keeper ended; it starts again", file=sys.stderr)
                try:
                    self._ensure_keeper()
                except EmbeddedError as error:
                    print(f"embedded: {error}", file=sys.stderr)
            time.sleep(RESTART_SECONDS)

    def _keeper_pid(self) -> int | None:
        """Return the keeper's pid, or None if no keeper runs."""
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
        self._reap_keeper()

    def _reap_keeper(self) -> None:
        # In some containers process 1 does not reap orphans, so the keeper would stay as a zombie.
        if self.keeper is not None:
            self.keeper.wait()
