"""``manage.py run_site``, which `make run` runs: the site with all its processes."""

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from bookmyshow.environment import ROOT

from .live_site import free_port, site_environment

RUN_SITE = [sys.executable, "manage.py", "run_site", "--no-demo"]


def lives(process: psutil.Process) -> bool:
    """One that ended and that nobody has buried yet is dead."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.usefixtures("transactional_db")
def test_it_serves_works_and_ends_whole(tmp_path: Path) -> None:
    port = free_port()
    site = subprocess.Popen(
        RUN_SITE,
        cwd=ROOT,
        env=site_environment(tmp_path, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert site.stdout is not None
        log = ""
        while "BookMyShow is ready" not in log or not re.search(r"celery@\S+ ready", log):
            line = site.stdout.readline()
            assert line, log
            log += line
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
            assert page.status == 200
        family = psutil.Process(site.pid).children(recursive=True)
        commands = " ".join(" ".join(process.cmdline()) for process in family)
    finally:
        site.send_signal(signal.SIGTERM)
        site.communicate(timeout=120)
    assert all(name in commands for name in ("gunicorn", "celery", "beat"))
    give_up = time.monotonic() + 60
    while left := [process for process in family if lives(process)]:
        assert time.monotonic() < give_up, left
        time.sleep(0.1)


def test_a_taken_port_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        env = site_environment(tmp_path, port)
        done = subprocess.run(RUN_SITE, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().startswith(
        f"CommandError: can't listen on 127.0.0.1:{port} (Address"
    )
    assert "PORT=" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
