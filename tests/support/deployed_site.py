"""The site as deployed, on the tests' database: gunicorn with collected static files."""

import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection

from bench.sites import UNLIMITED
from bookmyshow.environment import ROOT

START_SECONDS = 300.0
# How long a hold lasts on a test's site. A busy machine may need more than the product's two
# minutes to load the page that confirms it.
HOLD_MINUTES = 10
# With this setting the limits of a connection are those of its role. The tests' roles have none, so
# a program waits for a lock however slowly the test runs.
NO_LOCK_TIMEOUT = {"PGBOUNCER": "prepared"}
# Below the range that kernels use for outgoing connections, above the embedded servers' ports.
PORTS = range(30_000, 32_768)
# For each port that was given out, a UDP socket on that port, which marks it as taken. It does not
# block the port for TCP. The sockets stay open until this process ends.
_claims: list[socket.socket] = []


@dataclass(frozen=True)
class DeployedSite:
    """A site that is being served."""

    #: Without a slash at the end: ``http://127.0.0.1:12345``.
    url: str
    #: The folder of its mail, with one file for each message.
    mail: Path
    log: Path


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free, and that no other call returns.

    Other test runs on this machine don't get it either. Without this, another run could choose it
    before the server of this run listens on it.
    """
    for port in random.sample(PORTS, len(PORTS)):
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
        else:
            _claims.append(claim)
            return port
    raise RuntimeError(f"no port of {PORTS} is free")


def site_environment(folder: Path, port: int) -> dict[str, str]:
    """Return this process's environment with production settings and the tests' servers."""
    database = urlsplit(os.environ["DATABASE_URL"])
    name = quote(str(connection.settings_dict["NAME"]))
    return {
        **os.environ,
        "DATABASE_URL": database._replace(path=f"/{name}").geturl(),
        "REDIS_URL": settings.REDIS_URL,
        "EMAIL_URL": f"filemail://{folder / 'mail'}",
        "DEBUG": "off",
        "HTTPS": "off",
        **UNLIMITED,
        "CORS_ORIGIN": "https://app.example.com",
        # Nothing is paid online, unless the test asks for it (tests.support.sandbox).
        "PAYMENTS": "",
        # A busy machine must not lead to 503 answers.
        "DATABASE_WAIT_SECONDS": "60",
        "BOOKING_EXPIRY_MINUTES": str(HOLD_MINUTES),
        # Visitors have their cookies for this host, and come back to it from the payment provider.
        "SITE_URL": f"http://127.0.0.1:{port}",
        "BIND": "127.0.0.1",
        "PORT": str(port),
        # Two, so that tests find code that relies on the memory of one process.
        "WEB_CONCURRENCY": "2",
    }


@cache
def collect_static_files() -> None:
    """Once for all sites of this process: the files do not change meanwhile."""
    collect = [sys.executable, "manage.py", "collect_changed_static"]
    env = site_environment(Path(os.devnull), 8000)
    subprocess.run(collect, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def serve(folder: Path, **environment: str) -> Iterator[DeployedSite]:
    """Serve the tests' database from another process, which sees only what is committed.

    ``environment`` changes settings, such as ``BOOKING_EXPIRY_MINUTES="1"``.
    """
    port = free_port()
    env = {**site_environment(folder, port), **environment}
    collect_static_files()
    site = DeployedSite(f"http://127.0.0.1:{port}", folder / "mail", folder / "gunicorn.log")
    with open(site.log, "wb") as log:
        command = [sys.executable, "-m", "gunicorn", "bookmyshow.wsgi"]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        wait_until_it_answers(site, process)
        yield site
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_the_database_let_go(process_name: str) -> None:
    """Wait until the database has ended all sessions of a program that was killed.

    `process_name` is the value of PGAPPNAME in the program's environment.
    """
    deadline = time.monotonic() + START_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = %s AND (NOT %s OR state <> 'idle')",
                # PgBouncer keeps idle sessions, with the name of their last client.
                [process_name, bool(settings.PGBOUNCER)],
            )
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.02)
    raise RuntimeError(f"{process_name} is still connected to the database")


def wait_until_it_answers(site: DeployedSite, process: subprocess.Popen[bytes]) -> None:
    """Return at the first answer, even an error. Raises RuntimeError if the site gives none."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(site.url, timeout=30)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the site did not start:\n{site.log.read_text()}")
