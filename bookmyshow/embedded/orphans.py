"""Ends servers whose keeper is gone, for example after ``kill -9`` of the keeper only."""

from collections.abc import Sequence
from pathlib import Path
from signal import Signals

import psutil


def read_pid(pid_file: Path) -> int | None:
    """Return the pid on the file's first line, or None if there is no file or no number."""
    try:
        line = pid_file.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(line) if line.isdigit() else None


def end_orphan(pid_file: Path, folder: Path, signals: Sequence[tuple[Signals, float]]) -> None:
    """End the process whose pid is in the file, if ``folder`` is its working directory.

    Any other process with this pid got the pid later and is not touched. ``signals`` are sent one
    after the other; each comes with the seconds to wait for the process to end.
    """
    pid = read_pid(pid_file)
    if pid is None:
        return
    try:
        process = psutil.Process(pid)
        if process.cwd() != str(folder):
            return
        for signum, seconds in signals:
            process.send_signal(signum)
            try:
                process.wait(seconds)
            except psutil.TimeoutExpired:
                continue
            return
    except psutil.Error:
        # The process has ended, or is a zombie.
        return
