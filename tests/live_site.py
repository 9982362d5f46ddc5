"""The site as deployed, on the tests' database: gunicorn with collected static files."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection

from bookmyshow.environment import ROOT

START_SECONDS = 30.0


@dataclass(frozen=True)
class LiveSite:
    """A site that is being served."""

    #: Without a slash at the end: ``http://127.0.0.1:12345``.
    url: str
    #: The folder that receives its mail, a file for each message.
    mail: Path
    log: Path


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def site_environment(folder: Path, port: int) -> dict[str, str]:
    """Return this process's environment, changed to production on the tests' database and cache."""
    database = urlsplit(os.environ["DATABASE_URL"])
    name = quote(str(connection.settings_dict["NAME"]))
    return {
        **os.environ,
        "DATABASE_URL": database._replace(path=f"/{name}").geturl(),
        "REDIS_URL": settings.REDIS_URL,
        "EMAIL_URL": f"filemail://{folder / 'mail'}",
        "DEBUG": "off",
        "HTTPS": "off",
        "RATE_LIMITS": "off",
        "CORS_ORIGIN": "https://app.example.com",
        "BIND": "127.0.0.1",
        "PORT": str(port),
        # Two, so that nothing may rest on the memory of one process.
        "WEB_CONCURRENCY": "2",
    }


@contextmanager
def serve(folder: Path, **environment: str) -> Iterator[LiveSite]:
    """Serve the tests' database from a process of its own; it sees what is committed, no more.

    ``environment`` changes settings, such as ``BOOKING_EXPIRY_MINUTES="1"``.
    """
    port = free_port()
    env = {**site_environment(folder, port), **environment}
    collect = [sys.executable, "manage.py", "collect_changed_static"]
    subprocess.run(collect, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    site = LiveSite(f"http://127.0.0.1:{port}", folder / "mail", folder / "gunicorn.log")
    with open(site.log, "wb") as log:
        command = [sys.executable, "-m", "gunicorn", "bookmyshow.wsgi"]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        wait_until_it_answers(site, process)
        yield site
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_answers(site: LiveSite, process: subprocess.Popen[bytes]) -> None:
    """Raise RuntimeError with the log if the site ends or stays silent."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(site.url, timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the site did not start:\n{site.log.read_text()}")
