"""Starts the Procfile's Celery processes for a test."""

import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bookmyshow.celery import app
from bookmyshow.environment import ROOT
from bookmyshow.site.management.commands import run_site
from tests.support.deployed_site import free_port, site_environment

START_SECONDS = 300
# A worker finishes its tasks first.
END_SECONDS = 180
READY = re.compile(r"celery@\S+ ready\.|sweeper@\S+ ready\.|beat: Starting\.\.\.")


def procfile() -> dict[str, list[str]]:
    """The commands of the Procfile as lists of words."""
    return {name: shlex.split(command) for name, command in run_site.procfile().items()}


@contextmanager
def running(folder: Path, *names: str, **environment: str) -> Iterator[Path]:
    """Start these processes of the Procfile; yield their log file when they are ready.

    While they run, tasks that this process sends go to the broker. Before and after, they run here.
    """
    log = folder / "celery.log"
    env = site_environment(folder, free_port()) | environment
    with log.open("wb") as output:
        processes = [
            subprocess.Popen(procfile()[name], cwd=ROOT, env=env, stdout=output, stderr=output)
            for name in names
        ]
    try:
        give_up = time.monotonic() + START_SECONDS
        while len(READY.findall(log.read_text())) < len(names):
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.1)
        app.conf.task_always_eager = False
        yield log
    finally:
        app.conf.task_always_eager = True
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Wait until the process has ended.

    If it has not after END_SECONDS, kill it, because the next test must not meet it, and raise
    TimeoutExpired.
    """
    if process.poll() is not None:
        return
    children = psutil.Process(process.pid).children(recursive=True)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        raise
