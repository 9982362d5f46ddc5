"""The folder through which processes share their metrics."""

import contextlib
import os
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare() -> None:
    """Name a folder in the environment, before anything counts in it, and clear it of the dead.

    One that the environment names is shared with whoever has the same one: with Celery's workers,
    whose numbers `/metrics` then shows too.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="bookmyshow-metrics-")
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for file in Path(folder).glob("*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not _lives(int(pid)):
            file.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
