"""Creates the databases of the benchmark and serves sites on them."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg

from bookmyshow.embedded.paths import DATA
from bookmyshow.embedded.ports import is_free
from bookmyshow.environment import ROOT

LOG = DATA / "log"
# Limits are off: the benchmark's few users, all with one address, send many more requests than real
# users may.
UNLIMITED = {
    "RATE_LIMITS": "off",
    "MAX_SEATS_PER_SHOW": "10000",
    "MAX_HOLDS": "10000",
    "HOLD_PAUSE_MINUTES": "0",
    "MAX_HELD_SEATS_PER_ADDRESS": "100000",
    "MAX_GUEST_SEATS_PER_ADDRESS": "100000",
    "MAX_SEATS_UNCONFIRMED": "10000",
}
SERVED = {
    **UNLIMITED,
    "DEBUG": "off",
    "HTTPS": "off",
    "BIND": "127.0.0.1",
    "WEB_CONCURRENCY": "2",
    # Holds must not lapse before they are confirmed.
    "BOOKING_EXPIRY_MINUTES": "60",
    "EMAIL_URL": f"filemail://{DATA / 'mail'}",
    "DJANGO_SETTINGS_MODULE": "bookmyshow.settings",
}
FIRST_PORT = 18_400


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database, and the number of a Redis database for its site."""

    name: str
    number: int

    @property
    def url(self) -> str:
        return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{self.name}").geturl()

    @property
    def environment(self) -> dict[str, str]:
        redis = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{self.number}").geturl()
        return os.environ | SERVED | {"DATABASE_URL": self.url, "REDIS_URL": redis}

    def create(self, template: str = "template0") -> None:
        """Create the database as a copy of `template`. An existing one is dropped first."""
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)'.encode())
            connection.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{template}"'.encode())

    def manage(self, *command: str) -> None:
        run = [sys.executable, "manage.py", *command, "--verbosity=0"]
        subprocess.run(run, cwd=ROOT, env=self.environment, check=True)

    def python(self, module: str, *arguments: str) -> str:
        """Run a module with this database and return what it prints."""
        run = [sys.executable, "-m", module, *arguments]
        with open(LOG / f"{module}.log", "ab") as log:
            result = subprocess.run(
                run, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=log, check=True
            )
        return result.stdout.decode()


@dataclass(frozen=True)
class Site:
    """A running gunicorn."""

    url: str
    process: subprocess.Popen[bytes]

    @property
    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(worker) for worker in self.workers)


@contextmanager
def serve(application: str, database: Database, **environment: str) -> Iterator[Site]:
    """Serve the application on a free port, with the product's gunicorn.conf.py."""
    port = next(port for port in range(FIRST_PORT, FIRST_PORT + 100) if is_free(port))
    env = database.environment | {"PORT": str(port)} | environment
    name = application.partition(":")[0]
    with open(LOG / f"{name}.{database.name}.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", application],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
        )
    site = Site(f"http://127.0.0.1:{port}", process)
    try:
        _wait_until_it_answers(site)
        yield site
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_it_answers(site: Site) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and site.process.poll() is None:
        try:
            urllib.request.urlopen(site.url, timeout=5)
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.1)
        else:
            break
    else:
        raise RuntimeError(f"{site.url} did not start: see {LOG}")
    time.sleep(1)  # The second worker may still be starting.


def postgres_cpu_seconds() -> float:
    """The processor time that PostgreSQL and its backends have used."""
    pid = int((DATA / "postgres" / "postmaster.pid").read_text().split()[0])
    server = psutil.Process(pid)
    return sum(map(cpu_seconds, [server, *server.children()]))


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def memory(process: psutil.Process) -> tuple[float, float]:
    """A process's resident memory now and at its peak, in MiB."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert peak is not None
    return process.memory_info().rss / 2**20, int(peak[1]) / 2**10
