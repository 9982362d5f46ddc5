"""Slow clients against a running site: ``python -m bench.slow_clients http://127.0.0.1:8000``.

Each attack keeps its connections for SECONDS while another client asks for a page again and again,
each time on a new connection. A line per attack says how many of its questions were answered and
how long the slowest took. Everything is bounded: 24 connections, 2,000 for those that only wait.
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
from threading import Event
from urllib.parse import urlsplit

SECONDS = 8.0
CONNECTIONS, MANY = 24, 2_000
# A question that waits longer than this was not answered.
PATIENCE_SECONDS = 5.0
PAGE = "/accounts/login/"
LARGE_BODY = 200_000


@dataclass(frozen=True)
class Site:
    """An address, spoken to over plain sockets."""

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
        # With a small buffer a server notices that its answers are not read.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect((self.host, self.port))
        return client

    def connect(self, patience: float = PATIENCE_SECONDS) -> socket.socket:
        plain = self.open(patience)
        if not self.tls:
            return plain
        context = ssl.create_default_context()
        # The site's own test certificate.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(plain, server_hostname=self.host)

    def head(self, line: str, *headers: str) -> bytes:
        return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


@dataclass
class Seen:
    """How the polite client was served."""

    asked: int = 0
    waits: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        slowest = f"slowest {max(self.waits):.2f} s" if self.waits else "silent"
        return f"{len(self.waits)} of {self.asked} answered, {slowest}"


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
    """Say nothing."""


ATTACKS: dict[str, tuple[Attack, int]] = {
    "half requests": (half_requests, CONNECTIONS),
    "pipelined requests and a half one": (pipelined_and_a_half, CONNECTIONS),
    "bodies, then a byte every 8 s": (dripping_bodies, CONNECTIONS),
    "pipelined answers read slowly": (unread_answers, CONNECTIONS),
    "endless chunked bodies": (endless_chunks, CONNECTIONS),
    "idle connections": (idle, MANY),
    "half requests by the thousand": (half_request, MANY),
}
# They are opened one after the other and wait: nothing is sent later, so none needs a thread.
WAITING = (idle, half_request)


def allow_many_sockets() -> None:
    """Let this process open more than MANY files, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))


@contextmanager
def attacking(site: Site, attack: Attack, connections: int) -> Iterator[None]:
    """Keep that many connections busy; one that the site closes is opened again."""
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
    """Whether a polite client gets its page within that many seconds."""
    with suppress(OSError), closing(site.connect(patience)) as client:
        client.sendall(site.head(f"GET {PAGE}", "Connection: close"))
        return client.recv(12).startswith((b"HTTP/1.1 200", b"HTTP/1.1 301"))
    return False


def watch(site: Site, attack: Attack, connections: int, seconds: float = SECONDS) -> Seen:
    """Ask for a page all the time beside the attack."""
    seen = Seen()
    with attacking(site, attack, connections):
        # By then the attack has taken every thread of a server whose threads wait for clients.
        time.sleep(1)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            began = time.monotonic()
            seen.asked += 1
            if is_answered(site):
                seen.waits.append(time.monotonic() - began)
            time.sleep(0.1)
    return seen


def main() -> None:
    """Run every attack, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    allow_many_sockets()
    site = Site.at(options.url)
    for name, (attack, connections) in ATTACKS.items():
        seen = watch(site, attack, connections, options.seconds)
        print(f"{name:36} {seen}", flush=True)


if __name__ == "__main__":
    main()
