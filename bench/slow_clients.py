"""Attacks a running site with slow clients: ``python -m bench.slow_clients http://127.0.0.1:8000``.

Each attack keeps its connections open for SECONDS. Meanwhile a polite client requests a page again
and again, each time on a new connection. For each attack one line says how many of the polite
requests were answered, and how long the slowest answer took. An attack has 24 connections; attacks
that only wait have 2,000.
"""

import argparse
import resource
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from threading import Event
from urllib.parse import urlsplit

SECONDS = 8.0
CONNECTIONS, MANY = 24, 2_000
# A request without an answer after this time counts as not answered.
PATIENCE_SECONDS = 5.0
PAGE = "/accounts/login/"
LARGE_BODY = 200_000


@cache
def unverified() -> ssl.SSLContext:
    """TLS that accepts any certificate, because a test's site has its own.

    Cached, because creating it reads all certificates of the system.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass(frozen=True)
class Site:
    """The address of the site. `open` returns a plain socket; `connect` adds TLS for https."""

    host: str
    port: int
    tls: bool

    @classmethod
    def at(cls, url: str) -> "Site":
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        return cls(parts.hostname or "127.0.0.1", parts.port or (443 if tls else 80), tls)

    def open(self, patience: float = PATIENCE_SECONDS) -> socket.socket:
        client = socket.socket()
        client.settimeout(patience)
        # With a small buffer the server soon can't send any more to a client that does not read.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect((self.host, self.port))
        return client

    def connect(self, patience: float = PATIENCE_SECONDS) -> socket.socket:
        plain = self.open(patience)
        if not self.tls:
            return plain
        return unverified().wrap_socket(plain, server_hostname=self.host)

    def head(self, line: str, *headers: str) -> bytes:
        return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


@dataclass
class PoliteClient:
    """The requests of the polite client, and the seconds that its answers took."""

    requests: int = 0
    waits: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        slowest = f"slowest {max(self.waits):.2f} s" if self.waits else "no answer"
        return f"{len(self.waits)} of {self.requests} answered, {slowest}"


Attack = Callable[[Site, socket.socket, Event], None]


def half_request(site: Site, client: socket.socket, _over: Event) -> None:
    client.sendall(site.head(f"GET {PAGE}")[:-2])


def half_requests(site: Site, client: socket.socket, over: Event) -> None:
    half_request(site, client, over)
    over.wait()


def pipelined_and_a_half(site: Site, client: socket.socket, over: Event) -> None:
    whole = site.head(f"GET {PAGE}")
    client.sendall(whole * 2 + whole[:-2])
    over.wait()


def dripping_bodies(site: Site, client: socket.socket, over: Event) -> None:
    client.sendall(site.head(f"POST {PAGE}", f"Content-Length: {LARGE_BODY}") + b"x" * 70_000)
    while not over.wait(8):
        client.sendall(b"x")


def unread_answers(site: Site, client: socket.socket, over: Event) -> None:
    client.sendall(site.head(f"GET {PAGE}") * 400)
    while not over.wait(1):
        client.recv(1)


def endless_chunks(site: Site, client: socket.socket, over: Event) -> None:
    client.sendall(site.head(f"POST {PAGE}", "Transfer-Encoding: chunked"))
    while not over.wait(0.5):
        client.sendall(b"1\r\nx\r\n")


def idle(_site: Site, _client: socket.socket, _over: Event) -> None:
    """Send nothing."""


ATTACKS: dict[str, tuple[Attack, int]] = {
    "half requests": (half_requests, CONNECTIONS),
    "pipelined requests and a half one": (pipelined_and_a_half, CONNECTIONS),
    "bodies, then a byte every 8 s": (dripping_bodies, CONNECTIONS),
    "pipelined answers read slowly": (unread_answers, CONNECTIONS),
    "endless chunked bodies": (endless_chunks, CONNECTIONS),
    "idle connections": (idle, MANY),
    "half requests by the thousand": (half_request, MANY),
}
# These attacks send nothing after the start, so their connections need no threads.
WAITING = (idle, half_request)


def allow_many_sockets() -> None:
    """Raise this process's limit of open files to 8,192 (above MANY), if the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))


@contextmanager
def attacking(site: Site, attack: Attack, connections: int) -> Iterator[None]:
    """Run the attack with `connections` connections.

    A connection that the site closes is opened again, except in the attacks that only wait.
    """
    over = Event()

    def keep_on() -> None:
        while not over.is_set():
            with suppress(OSError), closing(site.connect()) as client:
                attack(site, client, over)
            over.wait(0.2)

    with ExitStack() as opened:
        if attack in WAITING:
            for _ in range(connections):
                with suppress(OSError):
                    client = site.open() if attack is idle else site.connect()
                    attack(site, opened.enter_context(closing(client)), over)
            yield
        else:
            pool = opened.enter_context(ThreadPoolExecutor(connections))
            for _ in range(connections):
                pool.submit(keep_on)
            try:
                yield
            finally:
                over.set()


def is_answered(site: Site, patience: float = PATIENCE_SECONDS) -> bool:
    """Whether a polite client gets the page, or a redirect (301), within `patience` seconds."""
    with suppress(OSError), closing(site.connect(patience)) as client:
        client.sendall(site.head(f"GET {PAGE}", "Connection: close"))
        return client.recv(12).startswith((b"HTTP/1.1 200", b"HTTP/1.1 301"))
    return False


def watch(site: Site, attack: Attack, connections: int, seconds: float = SECONDS) -> PoliteClient:
    """Request a page again and again while the attack runs."""
    polite = PoliteClient()
    with attacking(site, attack, connections):
        # If the server's threads wait for slow clients, all of them are taken after a second.
        time.sleep(1)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            began = time.monotonic()
            polite.requests += 1
            if is_answered(site):
                polite.waits.append(time.monotonic() - began)
            time.sleep(0.1)
    return polite


def main() -> None:
    """Run every attack, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    allow_many_sockets()
    site = Site.at(options.url)
    for name, (attack, connections) in ATTACKS.items():
        polite = watch(site, attack, connections, options.seconds)
        print(f"{name:36} {polite}", flush=True)


if __name__ == "__main__":
    main()
