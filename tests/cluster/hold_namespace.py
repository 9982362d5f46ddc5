"""Script: keep the network namespace in which it runs, until its standard input ends.

Then kill all processes of this namespace and end. So nothing stays when the test run ends, even if
it was killed: the kernel removes a namespace, with its devices, after its last process.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path


def inode(pid: int | str) -> int:
    """Return the number by which the kernel tells this process's network namespace from others."""
    return Path(f"/proc/{pid}/ns/net").stat().st_ino


def processes_in(namespace: int) -> list[int]:
    """Return the ids of all processes whose network namespace has this inode, without our own."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # It may end at any moment. A zombie has no namespace.
        with suppress(OSError):
            if inode(folder.name) == namespace:
                found.append(int(folder.name))
    return [pid for pid in found if pid != os.getpid()]


def kill_all_in(namespace: int, *, keep: int = 0) -> None:
    """Send SIGKILL to all processes of the namespace, except `keep`, until none is left."""
    while pids := [pid for pid in processes_in(namespace) if pid != keep]:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def main() -> None:
    # Ctrl-C in a terminal reaches this process too. It must end last.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("ready", flush=True)
    sys.stdin.buffer.read()
    kill_all_in(inode("self"))


if __name__ == "__main__":
    main()
