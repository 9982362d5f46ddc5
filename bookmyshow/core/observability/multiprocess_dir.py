"""The folder in which all processes store their metrics (prometheus_client's multiprocess mode)."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_created: list[str] = []


def prepare() -> None:
    """Create the folder and set PROMETHEUS_MULTIPROC_DIR. Call this before any metric is counted.

    If the variable is already set, that folder is used and files of ended processes are deleted.
    Celery's workers with the same value share the folder, and `/metrics` shows their metrics too.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        _created.append(tempfile.mkdtemp(prefix="bookmyshow-metrics-"))
        os.environ[VARIABLE] = _created[-1]
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for file in Path(folder).glob("*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not _is_running(int(pid)):
            file.unlink(missing_ok=True)


def remove() -> None:
    """Delete the folder if `prepare` created it. A folder named by the environment stays."""
    while _created:
        shutil.rmtree(_created.pop(), ignore_errors=True)


def _is_running(pid: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
