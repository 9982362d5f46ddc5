"""The keeper of one server: ``python -m bookmyshow.embedded.keeper postgres|valkey``.

Starts the server, proves that it answers, starts it again should it crash, and stops it when the
last member has gone or on SIGTERM. Prints one line, ``ready`` or what is wrong, to the command that
started it, and then closes its output.
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

READY_SECONDS = 60.0
LOCK_SECONDS = 10.0
#: Left-over backends of a killed PostgreSQL keep the next one from starting for a moment.
RETRY_SECONDS = 0.3


def make_service(name: str) -> Service:
    """Return the service of that name. Raises EmbeddedError where its wheel is missing."""
    # Imported here: a keeper needs the client library of its own server alone.
    if name == "postgres":
        from .postgres import Postgres

        return Postgres()
    from .valkey import Valkey

    return Valkey()


class Keeper:
    """Keeps one server running until it is told to stop."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.process: subprocess.Popen[bytes] | None = None

    def bring_up(self) -> None:
        """Start the server and return when it answers. Raises EmbeddedError after READY_SECONDS."""
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

    def watch(self) -> None:
        """Bring the server up again whenever it ends by itself."""
        while True:
            assert self.process is not None
            code = self.process.wait()
            print(f"{self.service.name} ended with {code}, starting it again", file=sys.stderr)
            time.sleep(RETRY_SECONDS)
            self.bring_up()

    def stop(self) -> None:
        """Stop the server, politely at first."""
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


def end_when_alone(members: int) -> None:
    """Wait until no member is left, keep newcomers waiting, and end this process."""
    fcntl.flock(members, fcntl.LOCK_EX)
    os.kill(os.getpid(), signal.SIGTERM)


def on_term(_signum: int, _frame: FrameType | None) -> None:
    """Leave through the ``finally`` that stops the server; a second signal can't cut it short."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def answer(line: str) -> None:
    """Tell the command that started this keeper, and let go of its pipe."""
    print(line, flush=True)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.close(devnull)


def take_lock(own: int) -> None:
    """Become the only keeper. Commands hold this lock for a moment when they look for a keeper."""
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
        keeper.bring_up()
        write_atomically(url_file(name), keeper.service.url())
        answer("ready")
        threading.Thread(target=end_when_alone, args=(members,), daemon=True).start()
        keeper.watch()
    except EmbeddedError as error:
        answer(str(error))
        raise SystemExit(str(error)) from error
    finally:
        if keeper is not None:
            keeper.stop()


if __name__ == "__main__":
    main()
