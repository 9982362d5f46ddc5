"""Run a command as a shell does: forward signals, return its exit code, end left-over processes."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType

import psutil

from bookmyshow.serving.launch import die_with

from .paths import EmbeddedError

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
PR_SET_CHILD_SUBREAPER = 36
#: How long left-over processes of the command get to end after SIGTERM, and then after SIGKILL.
LEFTOVER_SECONDS = 10.0
KILL_SECONDS = 5.0
KEEPER = "bookmyshow.embedded.keeper"


def run(command: Sequence[str], environment: Mapping[str, str], inherit: Sequence[int]) -> int:
    """Run the command and return its exit code, or 128 + the signal's number if a signal ended it.

    ``inherit``: file descriptors that the command inherits. Raises EmbeddedError if the command
    does not exist or can't be executed.
    """
    _adopt_orphans()
    parent = os.getpid()

    def in_child() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        die_with(parent, signal.SIGTERM)

    # Block signals until they can be forwarded to the command.
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    try:
        # The command gets its own process group. So it gets each signal once, whether the signal
        # was sent to this process, to this process's group, or by the terminal.
        process = subprocess.Popen(
            command,
            executable=shutil.which(command[0], path=environment.get("PATH")),
            env=dict(environment),
            pass_fds=tuple(inherit),
            process_group=0,
            preexec_fn=in_child,
        )
    except FileNotFoundError as error:
        raise EmbeddedError(f"there is no command {command[0]}") from error
    except PermissionError as error:
        raise EmbeddedError(f"{command[0]} can't be executed") from error
    with _forwarded_signals(process), _foreground(process):
        code = _wait(process)
    _end_leftovers()
    return code if code >= 0 else 128 - code


def _adopt_orphans() -> None:
    """Become the parent of processes that the command leaves, to end them (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@contextlib.contextmanager
def _forwarded_signals(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def forward(signum: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signum)

    for signum in FORWARDED:
        signal.signal(signum, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    try:
        yield
    finally:
        ignore_signals()


def ignore_signals() -> None:
    """Ignore signals while this process shuts down. Each wait of the shutdown has a time limit."""
    for signum in FORWARDED:
        signal.signal(signum, signal.SIG_IGN)


@contextlib.contextmanager
def _foreground(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Give the command this process's terminal, if any, so that it can read and gets Ctrl-C."""
    # A background process that takes the terminal back gets SIGTTOU, which would stop it.
    previous = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        _pass_terminal(giver=os.getpgrp(), taker=process.pid)
        yield
    finally:
        _pass_terminal(giver=process.pid, taker=os.getpgrp())
        signal.signal(signal.SIGTTOU, previous)


def _pass_terminal(*, giver: int, taker: int) -> None:
    with contextlib.suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        try:
            if os.tcgetpgrp(terminal) == giver:
                os.tcsetpgrp(terminal, taker)
                # The taker may have used the terminal too early and been stopped for that.
                os.killpg(taker, signal.SIGCONT)
        finally:
            os.close(terminal)


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait until the command ends, and return its exit code.

    When the command is stopped (Ctrl-Z), this process stops too. When this process is continued, it
    continues the command.
    """
    while True:
        # Any child, because this process also reaps the command's orphans.
        pid, status = os.waitpid(-1, os.WUNTRACED)
        if pid != process.pid:
            continue
        if not os.WIFSTOPPED(status):
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode
        if os.WSTOPSIG(status) != signal.SIGTSTP:
            continue
        _pass_terminal(giver=process.pid, taker=os.getpgrp())
        os.killpg(os.getpgrp(), signal.SIGSTOP)
        _pass_terminal(giver=os.getpgrp(), taker=process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGCONT)


def _end_leftovers() -> None:
    """End processes that the command left running, because the servers stop next."""
    start = time.monotonic()
    terminated: set[int] = set()
    while leftovers := [child for child in psutil.Process().children() if not _is_keeper(child)]:
        waited = time.monotonic() - start
        if waited > LEFTOVER_SECONDS + KILL_SECONDS:
            return
        for child in leftovers:
            with contextlib.suppress(psutil.Error, ChildProcessError):
                if waited > LEFTOVER_SECONDS:
                    child.kill()
                elif child.pid not in terminated:
                    terminated.add(child.pid)
                    child.terminate()
                os.waitpid(child.pid, os.WNOHANG)
        time.sleep(0.05)


def _is_keeper(process: psutil.Process) -> bool:
    # Other commands may use the keeper's server too. The keeper ends after the last of them.
    try:
        return KEEPER in process.cmdline()
    except psutil.Error:
        return False
