"""Runs the programs of `make run` as an ordinary user if root started it.

If an attacker gets the site to run code, that code must not run as root. The user is `daemon`,
which every system has. It becomes the owner of the folders that the site writes to. If the project
or its Python is in a folder that this user can't enter, such as /root, the programs keep one of
root's capabilities: to read any file. In a container without that capability the programs run as
root, and `make run` prints a warning.
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
CAN_READ = "import os, sys; sys.exit(not all(os.access(path, os.R_OK) for path in sys.argv[1:]))"


def launcher(writable: Sequence[Path]) -> list[str]:
    """Return the words to put before a command so that it runs as USER.

    The list is empty if this process is not root, or if USER can't read the project even with the
    capability. This process must start the command itself, and the command ends when this process
    ends. `writable` are the folders that the command writes to; missing ones are created.
    """
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(USER)
    for folder in writable:
        give(folder, user)
    start = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid())]
    start += [str(user.pw_uid), str(user.pw_gid)]
    for right in ("-", "read"):
        launcher_words = [*start, right]
        if can_read(launcher_words, [Path(sys.executable), ROOT / "manage.py", *writable]):
            # libpq looks for files in HOME, and fails if it can't enter that folder. USER can't
            # enter root's home.
            os.environ["HOME"] = "/"
            return launcher_words
    return []


def give(folder: Path, user: pwd.struct_passwd) -> None:
    """Create the folder, and make the user the owner of it and of all folders in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, _folders, _files in os.walk(folder):
        os.chown(path, user.pw_uid, user.pw_gid)


def can_read(start: Sequence[str], paths: Sequence[Path]) -> bool:
    """Whether a program that is started with the words `start` may read all paths."""
    check = [*start, sys.executable, "-c", CAN_READ, *map(str, paths)]
    return subprocess.run(check, cwd="/", capture_output=True).returncode == 0
