"""The folder through which processes share their metrics."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_made: list[str] = []


def prepare() -> None:
    """Name a folder in the environment, before anything counts in it, and clear it of the dead.

    One that the environment names is shared with whoever has the same one: with Celery's workers,
    whose numbers `/metrics` then shows too.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        _made.append(tempfile.mkdtemp(prefix="bookmyshow-metrics-"))
        os.environ[VARIABLE] = _made[-1]
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for file in Path(folder).glob("*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not _lives(int(pid)):
            file.unlink(missing_ok=True)


def remove() -> None:
    """Remove the folder that `prepare` made; one that the environment named stays."""
    while _made:
        shutil.rmtree(_made.pop(), ignore_errors=True)


def _lives(pid: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
