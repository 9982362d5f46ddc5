"""What HAProxy sends again when a web host ends a connection without an answer, and what not."""

import http.client
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cluster.database import until
from tests.cluster.ops_files import replaced
from tests.cluster.web_hosts import haproxy
from tests.support import programs
from tests.support.deployed_site import free_port

RULE = r"(?m)^ +http-request disable-l7-retry unless METH_GET\n"
QUESTIONS = {"/balancer/use", "/balancer/alive", "/api/health"}


class WebServer(ThreadingHTTPServer):
    """Stands for a web host that ends while it works: it takes a request and never answers it."""

    daemon_threads = True

    def __init__(self, taken: list[str], *, breaks: int) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        #: The methods of all requests that any of the servers took, in this order.
        self.taken = taken
        #: So many requests are not answered.
        self.breaks = breaks


class _Answer(BaseHTTPRequestHandler):
    server: WebServer

    def do_GET(self) -> None:
        if self.path not in QUESTIONS:
            self.server.taken.append(self.command)
            if len(self.server.taken) <= self.server.breaks:
                self.close_connection = True
                return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def balancer(folder: Path, taken: list[str], *, breaks: int, without: str = "") -> Iterator[int]:
    """Run HAProxy in front of three web servers, of which the first `breaks` requests are not
    answered; yield its port. `without` is taken out of its file."""
    port = free_port()
    servers = [WebServer(taken, breaks=breaks) for _ in range(3)]
    text = replaced(
        haproxy(folder),
        {r"bind :80\n": f"bind 127.0.0.1:{port}\n", r"(?s)\nlisten database.*": "\n"}
        | ({without: ""} if without else {}),
    )
    for number, server in enumerate(servers, start=1):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        text = re.sub(rf"10\.0\.0\.2{number}:8080", f"127.0.0.1:{server.server_port}", text)
    (folder / "haproxy.cfg").write_text(text)
    environment = os.environ | {"PATH": programs.PATH}
    process = subprocess.Popen(["haproxy", "-f", str(folder / "haproxy.cfg")], env=environment)
    try:
        until(lambda: ask(port, "GET", "/api/health") == 200, "HAProxy")
        yield port
    finally:
        process.kill()
        process.wait()
        for server in servers:
            server.shutdown()
            server.server_close()


def ask(port: int, method: str, path: str) -> int:
    """The status of the answer; 0 if there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


@pytest.fixture(autouse=True)
def needs_haproxy() -> None:
    programs.need("haproxy")


def test_a_booking_that_may_have_been_made_is_not_sent_again(tmp_path: Path) -> None:
    taken: list[str] = []
    with balancer(tmp_path, taken, breaks=1) as port:
        assert ask(port, "POST", "/bookings/BM1/confirm/") == 502
    assert taken == ["POST"]


def test_without_the_rule_the_booking_would_be_sent_twice(tmp_path: Path) -> None:
    """The control."""
    taken: list[str] = []
    with balancer(tmp_path, taken, breaks=1, without=RULE) as port:
        assert ask(port, "POST", "/bookings/BM1/confirm/") == 200
    assert taken == ["POST", "POST"]


def test_a_page_is_asked_again_of_another_host(tmp_path: Path) -> None:
    taken: list[str] = []
    with balancer(tmp_path, taken, breaks=1) as port:
        assert ask(port, "GET", "/shows/1/") == 200
    assert taken == ["GET", "GET"]


def test_visitors_reach_neither_the_metrics_nor_what_haproxy_asks(tmp_path: Path) -> None:
    with balancer(tmp_path, [], breaks=0) as port:
        assert [ask(port, "GET", path) for path in ("/metrics", "/balancer/use")] == [404, 404]
