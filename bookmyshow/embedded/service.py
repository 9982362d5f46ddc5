"""The interface between the keeper and the two servers, and how a server process is launched."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from bookmyshow.serving import launch as launch_script

LAUNCH = Path(launch_script.__file__)


class Service(Protocol):
    """A server that a keeper can run."""

    name: str
    #: Sent in this order until the server has ended, each with the seconds to wait after it.
    stop_signals: tuple[tuple[signal.Signals, float], ...]

    def prepare(self) -> None:
        """Prepare the data folder; called before every `start`. Raises EmbeddedError."""

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server in the foreground, as a child.

        Call this from the main thread: the server ends when the thread that started it ends.
        """

    def probe(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether this process answers queries, and not another one on its port."""

    def finish(self) -> None:
        """Complete the set-up once the server answers, for example create the database."""

    def url(self) -> str:
        """Return the address, for DATABASE_URL or REDIS_URL."""


def launch(
    program: Path,
    *arguments: str,
    log: int,
    owner: tuple[int, int] | None = None,
    reach: bool = False,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that ends when this process ends.

    ``owner`` is the (uid, gid) to run as. ``reach`` lets the program use folders that are closed to
    that user (bookmyshow.serving.launch).
    """
    uid, gid = owner or (os.geteuid(), os.getegid())
    prelude = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(uid), str(gid)]
    return subprocess.Popen(
        [*prelude, "reach" if reach else "-", str(program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=cwd,
        start_new_session=True,
        # The application's settings (PGHOST …) and the user's locale must not reach the server.
        env={k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))},
    )
