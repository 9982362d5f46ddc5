"""Script: start a program that ends with its parent and, if asked, runs as another user.

``python launch.py PARENT UID GID reach|read|- PROGRAM ARGUMENT…``

PARENT is the parent's process id. The parent starts this script, and the script replaces itself
with the program. Both steps (asking to end with the parent, becoming another user) must happen in
the child process. A parent with threads can't safely run Python there after a fork, so a new Python
does it. The script imports nothing of the project, so it starts in milliseconds.

When root starts a program as an ordinary user, the program may keep one of root's capabilities:

- ``reach``: enter folders that are closed to that user, such as a checkout in ``/root``, and read
  and write there. The alternative would be to open those folders to everyone.
- ``read``: enter such folders and read there, but not write.
- ``-``: none.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
# Without this bit, access(2) ignores the capability that is kept, and programs that call access(2)
# before they use a folder get "permission denied".
PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP = 28, 4
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITIES = {"-": None, "reach": CAP_DAC_OVERRIDE, "read": CAP_DAC_READ_SEARCH}
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
    """Drop all other capabilities, and let the program that is executed keep this one (ambient)."""
    libc = ctypes.CDLL(None, use_errno=True)
    mask = 1 << capability
    header = _Header(LINUX_CAPABILITY_VERSION_3, 0)
    data = (_Data * 2)(_Data(mask, mask, mask), _Data(0, 0, 0))
    if libc.capset(ctypes.byref(header), ctypes.byref(data)) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def become_user(uid: int, gid: int, *, keep: int | None) -> None:
    """Change from root to the user and keep one capability, or none.

    Raises OSError if the system forbids it.
    """
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
    """Ask the kernel to send this process the signal when its parent ends. Only on Linux.

    If the parent has already ended, the signal is sent now.
    """
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:
            os.kill(os.getpid(), signum)


def main() -> None:
    """Prepare this process as the arguments say and replace it with the program."""
    parent, uid, gid, right, program, *arguments = sys.argv[1:]
    if int(uid) != os.geteuid():
        become_user(int(uid), int(gid), keep=CAPABILITIES[right])
    # This comes after the change of user, which would clear the setting. SIGINT asks PostgreSQL for
    # a fast shutdown, and it ends Valkey too.
    die_with(int(parent), signal.SIGINT)
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main()
