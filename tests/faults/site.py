"""Starts gunicorn and a Celery worker on the servers of the fault tests."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from celery import Celery

from bench.sites import UNLIMITED
from bookings.integrity.checks import RULES
from bookmyshow.environment import ROOT
from tests.faults.load import LONGEST_WAIT
from tests.faults.servers import Postgres, Valkey
from tests.support.deployed_site import DeployedSite, free_port, wait_until_it_answers

THREADS = 4
WORKERS = 2


@dataclass
class Program:
    """A process of the site, and its log. The log's text before `begins` is of other processes."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""
    begins: int = 0

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def workers(self) -> list[int]:
        """The ids of gunicorn's workers. Waits until as many run as the site has.

        A worker that a test killed may not be replaced yet.
        """
        deadline = time.monotonic() + LONGEST_WAIT
        while len(found := [child.pid for child in self.children() if is_running(child)]) < WORKERS:
            assert time.monotonic() < deadline, self.said()[-3000:]
            time.sleep(0.05)
        return found

    def said(self) -> str:
        """What it wrote to its log."""
        return self.log.read_bytes()[self.begins :].decode(errors="replace")

    def wait_until_it_says(self, text: str) -> None:
        deadline = time.monotonic() + LONGEST_WAIT
        while text not in self.said():
            assert time.monotonic() < deadline, self.said()[-3000:]
            assert self.process.poll() is None, self.said()[-3000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill the process and its children with SIGKILL."""
        children = self.children()
        self.process.kill()
        self.process.wait()
        for child in children:
            # It may have ended with its parent.
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def stop(self) -> None:
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass
class Stack:
    """A database and a cache with shows and buyers. Starts programs that use them."""

    folder: Path
    postgres: Postgres
    valkey: Valkey
    shows: list[int]
    buyers: list[str]
    staff: str

    def environment(self, **changes: str) -> dict[str, str]:
        return environment(self.folder, self.postgres.url(), self.valkey.url()) | changes

    @contextmanager
    def site(self, **changes: str) -> Iterator[Program]:
        """Run gunicorn. `changes` are settings; `APPLICATION` is another WSGI application."""
        port = free_port()
        application = changes.pop("APPLICATION", "bookmyshow.wsgi")
        env = self.environment(PORT=str(port), **changes)
        log = self.folder / f"gunicorn-{port}.log"
        site = start([sys.executable, "-m", "gunicorn", application], env, log)
        site.url = f"http://127.0.0.1:{port}"
        try:
            wait_until_it_answers(DeployedSite(site.url, self.folder, log), site.process)
            yield site
        finally:
            site.stop()

    @contextmanager
    def celery(self, **changes: str) -> Iterator[Program]:
        """Run a Celery worker without beat. It runs the tasks that `sweep` queues."""
        celery = start(
            [
                *(sys.executable, "-m", "celery", "-A", "bookmyshow", "worker", "--loglevel=info"),
                *("--concurrency=1", "--without-gossip", "--without-mingle", "--without-heartbeat"),
            ],
            self.environment(**changes),
            self.folder / "celery.log",
        )
        try:
            yield celery
        finally:
            celery.stop()

    def sweep(self) -> None:
        """Queue a sweep in the default queue, the only one that the worker here reads."""
        with Celery(broker=self.valkey.url(), set_as_current=False) as queue:
            queue.send_task("bookings.tasks.release_expired_holds")

    def broken(self) -> list[str]:
        """The broken rules that `manage.py check_integrity` would report."""
        return [where for query in RULES.values() for (where,) in self.query(query)]

    def forget_bookings(self) -> None:
        """Delete all bookings and free all seats."""
        self.query(
            "BEGIN; UPDATE shows_seat SET booking_id = NULL WHERE booking_id IS NOT NULL;"
            " DELETE FROM bookings_booking;"
            " UPDATE shows_show SET available_seats = total_seats; COMMIT"
        )

    def query(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.postgres.connect() as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []


def environment(folder: Path, database: str, redis: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "EMAIL_URL": f"filemail://{folder / 'mail'}",
        "DEBUG": "off",
        "HTTPS": "off",
        **UNLIMITED,
        # Longer than the default, because connecting can be slow on a busy machine.
        "DATABASE_WAIT_SECONDS": "30",
        "BIND": "127.0.0.1",
        "WEB_CONCURRENCY": str(WORKERS),
        "WEB_THREADS": str(THREADS),
        "DJANGO_SETTINGS_MODULE": "bookmyshow.settings",
    }


@contextmanager
def stack(folder: Path, *, shows: int, buyers: int) -> Iterator[Stack]:
    """Start new servers, with `shows` shows of 400 seats and `buyers` logged-in buyers."""
    (folder / "postgres").mkdir(parents=True)
    (folder / "valkey").mkdir()
    postgres, valkey = Postgres(folder / "postgres"), Valkey(folder / "valkey")
    try:
        postgres.start()
        valkey.start()
        env = environment(folder, postgres.url(), valkey.url())
        for command in ("migrate", "collect_changed_static"):
            manage([command, "--verbosity=0"], env).check_returncode()
        fill = [sys.executable, "-m", "tests.faults.fill", str(shows), str(buyers)]
        filled = subprocess.run(fill, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True)
        yield Stack(folder, postgres, valkey, **json.loads(filled.stdout))
    finally:
        valkey.stop()
        postgres.stop()


def manage(command: list[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=dict(env),
        capture_output=True,
        text=True,
    )


def start(command: list[str], env: Mapping[str, str], log: Path) -> Program:
    """Start a program. What it prints is appended to `log`."""
    with open(log, "ab") as file:
        begins = file.tell()
        process = subprocess.Popen(command, cwd=ROOT, env=dict(env), stdout=file, stderr=file)
    return Program(process, log, begins=begins)


def is_running(process: psutil.Process) -> bool:
    """Whether the process runs. A zombie counts as ended."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
