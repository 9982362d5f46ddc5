"""Servers that outlived their keeper, as after ``kill -9`` of the keeper alone."""

from collections.abc import Sequence
from pathlib import Path
from signal import Signals

import psutil


def read_pid(pid_file: Path) -> int | None:
    """Return the pid on the file's first line, None if there is none."""
    try:
        line = pid_file.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(line) if line.isdigit() else None


def end_orphan(pid_file: Path, folder: Path, signals: Sequence[tuple[Signals, float]]) -> None:
    """End the process of the file if it works in the folder; a stranger with its pid is let be.

    ``signals`` are sent in turn, each with the seconds it is given.
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
        # It has gone by itself, or is a zombie that nobody reaps.
        return
