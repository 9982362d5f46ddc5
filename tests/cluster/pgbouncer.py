"""PgBouncer with the file of ops/pgbouncer in front of a database; also for any command:

``python -m tests.cluster.pgbouncer COMMAND…`` runs the command with DATABASE_URL at PgBouncer. It
sets the limits of docs/deploy.md on the role that DATABASE_URL names, so use it with a server that
nobody else uses (`make pgbouncer` does).
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from bookmyshow.environment import ROOT
from tests.faults.servers import Server
from tests.support.programs import PATH

INI = ROOT / "ops" / "pgbouncer" / "pgbouncer.ini"
# Where .ci/pgbouncer unpacks Debian's packages.
UNPACKED = ROOT / ".data" / "pgbouncer" / "unpacked"
OLDEST = (1, 22)
MISSING = "PgBouncer 1.22 or newer is missing: .ci/pgbouncer brings it on Debian"


def program() -> list[str] | None:
    """The words that start PgBouncer: the system's, or the unpacked one. None if both are missing
    or too old."""
    installed = shutil.which("pgbouncer", path=PATH)
    if installed is not None:
        says = subprocess.run([installed, "--version"], capture_output=True, text=True).stdout
        version = re.match(r"PgBouncer (\d+)\.(\d+)", says)
        if version is not None and (int(version[1]), int(version[2])) >= OLDEST:
            return [installed]
    for loader in UNPACKED.glob("usr/lib/*/ld-linux-*.so.*"):
        unpacked = UNPACKED / "usr/sbin/pgbouncer"
        return [str(loader), "--library-path", str(loader.parent), str(unpacked)]
    return None


class PgBouncer(Server):
    """PgBouncer in front of the server of `database`, a URL, for all databases of that server."""

    def __init__(self, folder: Path, database: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)
        self._database = urlsplit(database)

    @property
    def url(self) -> str:
        """The URL of the same database through PgBouncer."""
        user = self._database.netloc.rpartition("@")[0]
        return self._database._replace(netloc=f"{user}@127.0.0.1:{self.port}").geturl()

    def command(self) -> tuple[Path, list[str]]:
        found = program()
        assert found is not None, MISSING
        (self.folder / "pgbouncer.ini").write_text(self._ini())
        (self.folder / "userlist.txt").write_text(
            f'"{self._database.username}" "{unquote(self._database.password or "")}"\n'
        )
        for file in ("pgbouncer.ini", "userlist.txt"):
            (self.folder / file).chmod(0o600)
            if self.owner:
                os.chown(self.folder / file, *self.owner)
        return Path(found[0]), [*found[1:], str(self.folder / "pgbouncer.ini")]

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        if self.is_running():
            # SIGQUIT ends it at once. After SIGINT it would wait until its clients are gone.
            self.end(signal.SIGQUIT)

    def _ini(self) -> str:
        """The file of ops/pgbouncer with the test's server, port and folder."""
        text = INI.read_text()
        host, port = self._database.hostname, self._database.port or 5432
        for pattern, here in (
            (r"(?m)^bookmyshow = .*$", f"* = host={host} port={port}"),
            (r"(?m)^listen_port = .*$", f"listen_port = {self.port}"),
            (r"(?m)^unix_socket_dir = .*$", "unix_socket_dir ="),
            (r"(?m)^auth_file = .*$", f"auth_file = {self.folder}/userlist.txt"),
        ):
            text, count = re.subn(pattern, here, text)
            assert count == 1, pattern
        return text


def set_limits(database: str, **changes: str) -> None:
    """Set the limits that docs/deploy.md gives the site's role, with `changes`, on its own role."""
    section = (ROOT / "docs/deploy.md").read_text().partition("\n## PgBouncer\n")[2]
    told = dict(re.findall(r"ALTER ROLE bookmyshow SET (\w+) = '?(\w+)'?;", section))
    assert {"lock_timeout", "plan_cache_mode"} <= set(told)
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        for name, value in {**told, **changes}.items():
            connection.execute(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'".encode())


@contextmanager
def pgbouncer(folder: Path, database: str) -> Iterator[PgBouncer]:
    """Run PgBouncer in front of the database until the block ends."""
    server = PgBouncer(folder, database)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def main() -> int:
    """Run a command with DATABASE_URL at PgBouncer; return its exit code."""
    if program() is None:
        print(MISSING, file=sys.stderr)
        return 1
    database = os.environ["DATABASE_URL"]
    # As in a run without PgBouncer, tests of races wait longer than a request (conftest.py).
    long = dict.fromkeys(("lock_timeout", "statement_timeout"), "60s")
    set_limits(database, **long, idle_in_transaction_session_timeout="60s")
    with (
        tempfile.TemporaryDirectory() as folder,
        pgbouncer(Path(folder) / "pgbouncer", database) as server,
    ):
        env = {"DATABASE_URL": server.url, "PGBOUNCER": "prepared", "DATABASE_WAIT_SECONDS": "60"}
        return subprocess.run(sys.argv[1:], env=os.environ | env).returncode


if __name__ == "__main__":
    sys.exit(main())
