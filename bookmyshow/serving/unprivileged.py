"""Runs the programs of `make run` as an ordinary user if root started it.

If an attacker gets the site to run code, it must not run as root. The user is `daemon`, which every
system has; it is given the folders that the site writes to. Where the project or its Python lies in
a folder that is closed to that user, such as /root, the programs keep one right of root's: to read
any file. Some containers don't grant that right. There they run as root, and `make run` says so.
"""

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bookmyshow.environment import ROOT

from . import launch

USER = "daemon"
CAN_USE = "import os, sys; sys.exit(not all(os.access(path, os.R_OK) for path in sys.argv[1:]))"


def launcher(writable: Sequence[Path]) -> list[str]:
    """Return the words before a command with which it gives up root; none where that is impossible.

    For children of this process, also after it has become another program. `writable` are the
    folders that the command writes to; they are made where they are missing.
    """
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(USER)
    for folder in writable:
        give(folder, user)
    start = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid())]
    start += [str(user.pw_uid), str(user.pw_gid)]
    for right in ("-", "read"):
        found = [*start, right]
        if can_use(found, [Path(sys.executable), ROOT / "manage.py", *writable]):
            # Root's home is closed, and libpq fails where it can't look for its files there.
            os.environ["HOME"] = "/"
            return found
    return []


def give(folder: Path, user: pwd.struct_passwd) -> None:
    """Make the folder, and give it and every folder in it to the user."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, _folders, _files in os.walk(folder):
        os.chown(path, user.pw_uid, user.pw_gid)


def can_use(start: Sequence[str], paths: Sequence[Path]) -> bool:
    """Whether a program that is started like that may read all of them."""
    check = [*start, sys.executable, "-c", CAN_USE, *map(str, paths)]
    return subprocess.run(check, cwd="/", capture_output=True).returncode == 0
