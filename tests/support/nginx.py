"""Runs nginx with the files of ops/nginx in front of a test's site."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bookmyshow.environment import ROOT
from tests.support import programs
from tests.support.deployed_site import START_SECONDS, free_port

OPS = ROOT / "ops" / "nginx"
# Like the nginx.conf of Debian and of the Docker image. But all files are in the test's folder, so
# that tests do not share them. docs/deploy.md and compose.yaml set the number of connections.
MAIN = """
{user}
worker_rlimit_nofile 20000;
pid {folder}/pid;
error_log {folder}/error.log;
daemon off;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def localised(name: str, folder: Path, *, upstream: int, live: int) -> tuple[str, str]:
    """Return the text of a file in ops/nginx with the test's ports and paths, and nginx's URL.

    `upstream` is gunicorn's port, `live` that of the process that pushes seat maps.
    """
    text = (OPS / name).read_text()
    port, other = free_port(), free_port()
    tls = "listen 443 ssl" in text
    changes = [
        (r"server (127\.0\.0\.1|web):8000;", f"server 127.0.0.1:{upstream};"),
        (r"server (127\.0\.0\.1|live):8002;", f"server 127.0.0.1:{live};"),
        (r"listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        (r"listen 80;", f"listen 127.0.0.1:{other if tls else port};"),
        (r"(?<=proxy_cache_path )\S+", f"{folder}/cache"),
        (r"\S+/fullchain\.pem", f"{folder}/certificate.pem"),
        (r"\S+/privkey\.pem", f"{folder}/key.pem"),
        (r"\S+/site\.conf", str(OPS / "site.conf")),
    ]
    for pattern, here in changes:
        text = re.sub(pattern, here, text)
    return text, f"{'https' if tls else 'http'}://127.0.0.1:{port}"


def connections_of(name: str) -> int:
    """The `worker_connections` that users of this file in ops/nginx are told to set."""
    told_in = {"compose.conf": "compose.yaml", "bookmyshow.conf": "docs/deploy.md"}[name]
    found = re.search(r"/worker_connections (\d+);/", (ROOT / told_in).read_text())
    assert found is not None, told_in
    return int(found[1])


@contextmanager
def nginx(name: str, folder: Path, *, upstream: int, live: int = 0) -> Iterator[str]:
    """Run nginx with a file of ops/nginx in front of gunicorn's port `upstream`; yield nginx's URL.

    `live` is the port of the process that pushes seat maps; by default nothing listens there.
    Skips the test if nginx or openssl is not installed.
    """
    programs.need("nginx", "openssl")
    text, url = localised(name, folder, upstream=upstream, live=live or free_port())
    (folder / "site.conf").write_text(text)
    # If root starts nginx, its workers run as another user by default. That user can't read the
    # test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    values = {"user": user, "folder": folder, "connections": connections_of(name)}
    (folder / "nginx.conf").write_text(MAIN.format(**values))
    certificate = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [*certificate.split(), "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True,
        capture_output=True,
    )
    command = ["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, env={**os.environ, "PATH": programs.PATH})
    try:
        wait_until_it_listens(url)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def wait_until_it_listens(url: str) -> None:
    parts = urlsplit(url)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((parts.hostname, parts.port)).close()
        except OSError:
            assert time.monotonic() < deadline, url
            time.sleep(0.05)
        else:
            return
