"""What the keeper needs to know of a server."""

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
    #: Sent in this order until the server is gone, each with the seconds it is given.
    stop_signals: tuple[tuple[signal.Signals, float], ...]

    def prepare(self) -> None:
        """Make the data folder ready for `start`, before the first start and after any crash.

        Raises EmbeddedError.
        """

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server in the foreground, as a child. Call this from the main thread."""

    def probe(self, process: subprocess.Popen[bytes]) -> bool:
        """Tell whether this very process answers queries yet."""

    def finish(self) -> None:
        """Do what has to be done once after it answers, such as creating the database."""

    def url(self) -> str:
        """Return the address for the environment."""


def launch(
    program: Path,
    *arguments: str,
    log: int,
    owner: tuple[int, int] | None = None,
    reach: bool = False,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that ends with this process; ``owner`` is the (uid, gid) it shall run as."""
    uid, gid = owner or (os.geteuid(), os.getegid())
    prelude = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(uid), str(gid)]
    return subprocess.Popen(
        [*prelude, "reach" if reach else "-", str(program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=cwd,
        start_new_session=True,
        # Settings meant for the application's connections must not reach the server's tools.
        env={k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))},
    )
