"""The files and folders of the embedded servers, in ``.data/`` or the folder EMBEDDED_DATA."""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# `make bench` and `make year` set EMBEDDED_DATA, so their servers are not those of `make run`.
DATA = Path(os.environ.get("EMBEDDED_DATA") or ROOT / ".data").absolute()
RUN = DATA / "run"
LOG = DATA / "log"

MAX_LOG_BYTES = 10 * 1024 * 1024
MEGABYTE = 1024 * 1024
# An empty cluster takes 40 MB, the demo 120 MB; PostgreSQL stops when it can't write its log.
NEEDED_MB = 300


class EmbeddedError(Exception):
    """An embedded server can't run. The message is one line that tells the user what to do."""


def make_folders() -> None:
    """Create ``.data/`` and its subfolders.

    Raises EmbeddedError if the project's folder can't be written.
    """
    try:
        for folder in (DATA, RUN, LOG):
            folder.mkdir(exist_ok=True)
        # If this process is root, PostgreSQL runs as another user, who must be able to enter DATA.
        DATA.chmod(0o711 if os.geteuid() == 0 else 0o700)
        RUN.chmod(0o700)
        LOG.chmod(0o700)
    except OSError as error:
        raise EmbeddedError(
            f"can't write {DATA} ({error.strerror}): make the project's folder yours (chown)"
        ) from error


def check_space() -> None:
    """Raise EmbeddedError if the disk of ``.data/`` has less than NEEDED_MB."""
    free_mb = shutil.disk_usage(DATA).free // MEGABYTE
    if free_mb < NEEDED_MB:
        raise EmbeddedError(
            f"the disk of {DATA} has {free_mb} MB free, and PostgreSQL and Valkey need {NEEDED_MB}:"
            " delete something on it"
        )


def open_log(name: str) -> int:
    """Open a log for appending and return its descriptor.

    A log larger than MAX_LOG_BYTES is first renamed to ``<name>.log.old``.
    """
    path = LOG / f"{name}.log"
    if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
        path.replace(path.with_suffix(".log.old"))
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's content (mode 0600). Readers see the old or the new text, never a mix."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
