"""Supervises one server: ``python -m bookmyshow.embedded.keeper postgres|valkey``.

Starts the server, checks that it answers, and restarts it after a crash. Stops it on SIGTERM, or
when the last command that uses it has ended. Prints one line for the command that started it
(``ready``, or the error) and then closes its output.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from .membership import open_lock, try_lock, url_file
from .paths import LOG, EmbeddedError, make_folders, write_atomically
from .service import Service

READY_SECONDS = 120.0
LOCK_SECONDS = 60.0
#: After a kill, left-over backends block PostgreSQL's next start for a moment.
RETRY_SECONDS = 0.3


def make_service(name: str) -> Service:
    """Return the service. Raises EmbeddedError, for example if its wheel is missing."""
    # Imported here, because each keeper needs only the client library of its own server.
    if name == "postgres":
        from .postgres import Postgres

        return Postgres()
    from .valkey import Valkey

    return Valkey()


class Keeper:
    """Keeps one server running until `stop`."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.process: subprocess.Popen[bytes] | None = None

    def start_and_wait(self) -> None:
        """Start the server and return when it answers.

        Raises EmbeddedError if it can't be started or does not answer within READY_SECONDS.
        """
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self.service.prepare()
            self.process = self.service.start()
            while self.process.poll() is None and time.monotonic() < deadline:
                if self.service.probe(self.process):
                    self.service.finish()
                    return
                time.sleep(0.05)
            self.stop()
            time.sleep(RETRY_SECONDS)
        raise EmbeddedError(f"{self.service.name} did not start: see {LOG / self.service.name}.log")

    def restart_forever(self) -> None:
        """Restart the server whenever it ends. Raises EmbeddedError if that fails."""
        while True:
            assert self.process is not None
            code = self.process.wait()
            print(f"{self.service.name} ended with {code}, starting it again", file=sys.stderr)
            time.sleep(RETRY_SECONDS)
            self.start_and_wait()

    def stop(self) -> None:
        """Stop the server with its `stop_signals`, the gentlest first."""
        process = self.process
        if process is None:
            return
        for signum, seconds in self.service.stop_signals:
            if process.poll() is not None:
                return
            process.send_signal(signum)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue


def end_when_unused(members: int) -> None:
    """Wait until no command uses the server, make new commands wait, and end this process."""
    fcntl.flock(members, fcntl.LOCK_EX)
    os.kill(os.getpid(), signal.SIGTERM)


def on_term(_signum: int, _frame: FrameType | None) -> None:
    """Exit through the ``finally`` that stops the server. A second SIGTERM is ignored."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def report(line: str) -> None:
    """Print the line to the command that started this keeper, and close the pipe to it."""
    print(line, flush=True)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.close(devnull)


def take_lock(own: int) -> None:
    """Become the only keeper. Raises SystemExit if there is another.

    Waits up to LOCK_SECONDS, because commands hold this lock briefly to check for a keeper.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while not try_lock(own, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            raise SystemExit("a keeper is running already")
        time.sleep(0.02)


def main() -> None:
    """Run the keeper until its server is no longer needed."""
    name = sys.argv[1]
    make_folders()
    own, members = open_lock(name, "keeper"), open_lock(name, "members")
    take_lock(own)
    os.ftruncate(own, 0)
    os.pwrite(own, str(os.getpid()).encode(), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, on_term)
    keeper: Keeper | None = None
    try:
        keeper = Keeper(make_service(name))
        keeper.start_and_wait()
        write_atomically(url_file(name), keeper.service.url())
        report("ready")
        threading.Thread(target=end_when_unused, args=(members,), daemon=True).start()
        keeper.restart_forever()
    except EmbeddedError as error:
        report(str(error))
        raise SystemExit(str(error)) from error
    finally:
        if keeper is not None:
            keeper.stop()


if __name__ == "__main__":
    main()
