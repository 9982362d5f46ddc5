"""Become a server: ``python launch.py PARENT UID GID reach|read|- PROGRAM ARGUMENT…``.

Runs as a script of its own between the keeper and the server, because what it does (dying with the
parent, becoming another user) has to happen in the child, where a threaded parent must run no
Python. It imports nothing of the project, so that it starts in milliseconds.

``reach`` keeps one capability of root's for a server that runs as an ordinary user: to pass folders
that are closed to that user, such as a checkout in ``/root``. The alternative would be to open
those folders to everyone. ``read`` keeps less: to pass such folders and to read, but not to write.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
# With this bit access(2) heeds what is kept: programs ask it before they write to a folder.
PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP = 28, 4
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
KEPT = {"-": None, "reach": CAP_DAC_OVERRIDE, "read": CAP_DAC_READ_SEARCH}
LINUX_CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _prctl(*arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(*(ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0)[:5])) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _keep_only(capability: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    mask = 1 << capability
    header = _Header(LINUX_CAPABILITY_VERSION_3, 0)
    data = (_Data * 2)(_Data(mask, mask, mask), _Data(0, 0, 0))
    if libc.capset(ctypes.byref(header), ctypes.byref(data)) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def become_user(uid: int, gid: int, *, keep: int | None) -> None:
    """Give up root for the user, but for one capability. Raises OSError where that is forbidden."""
    if keep is not None:
        _prctl(PR_SET_KEEPCAPS, 1)
    if keep == CAP_DAC_READ_SEARCH:
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if keep is not None:
        _keep_only(keep)


def die_with(parent: int, signum: int) -> None:
    """Have the kernel send this process the signal when its parent dies (Linux)."""
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:
            os.kill(os.getpid(), signum)


def main() -> None:
    """Prepare this process as the arguments say and replace it by the program."""
    parent, uid, gid, right, program, *arguments = sys.argv[1:]
    if int(uid) != os.geteuid():
        become_user(int(uid), int(gid), keep=KEPT[right])
    # After the change of user, which clears it. SIGINT is PostgreSQL's fast shutdown; Valkey heeds
    # it.
    die_with(int(parent), signal.SIGINT)
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main()
