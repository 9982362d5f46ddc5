"""One POST to a push service, and its answer. The server may be hostile.

An endpoint is what a browser says, so it may name any host. The name is looked up once, all
its addresses are checked (`endpoints.is_public`), and the connection goes to one of them: a name
that leads elsewhere at its next look-up gains nothing. No redirect is followed, no proxy of the
environment is used, at most READ_AT_MOST bytes of the answer are read, and the whole exchange,
look-up included, ends after TIMEOUT_SECONDS.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from ipaddress import ip_address
from typing import Any

from .endpoints import BadEndpoint, Endpoint, is_public

TIMEOUT_SECONDS = 5.0
READ_AT_MOST = 1024
# The addresses of one host that are tried.
MOST_ADDRESSES = 2


class NoAnswer(OSError):
    """The push service can't be reached, or did not answer in time."""


def post(endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> int:
    """Send the message; returns the HTTP status. Raises NoAnswer, BadEndpoint (private address)."""
    ends = time.monotonic() + TIMEOUT_SECONDS
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port)
    host = endpoint.origin.partition("://")[2]
    try:
        connection.sock = _connect(endpoint, ends)
        with _closed_at(connection.sock, ends):
            connection.request("POST", endpoint.path, body, {**headers, "Host": host})
            with connection.getresponse() as response:
                response.read(READ_AT_MOST)
                _left(ends)  # An answer that was cut looks like a whole one.
                return response.status
    except BadEndpoint:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(type(error).__name__) from None
    finally:
        connection.close()


def _connect(endpoint: Endpoint, ends: float) -> socket.socket:
    """A connection to one of the host's addresses, encrypted if the scheme says so."""
    failure: OSError = NoAnswer("no address")
    for family, address in _addresses(endpoint, ends)[:MOST_ADDRESSES]:
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.settimeout(_left(ends))
            plain.connect(address)
            if endpoint.scheme == "http":
                return plain
            plain.settimeout(_left(ends))
            # If the handshake fails, wrap_socket closes the connection.
            return _tls().wrap_socket(plain, server_hostname=endpoint.host)
        except OSError as error:
            plain.close()
            failure = error
    raise failure


def _addresses(endpoint: Endpoint, ends: float) -> list[tuple[int, Any]]:
    """The host's addresses, for `socket.connect`. Raises BadEndpoint if one of them is private."""
    found = [(entry[0], entry[4]) for entry in _looked_up(endpoint.host, endpoint.port, ends)]
    if not endpoint.is_trusted:
        for _family, address in found:
            # A scope ("%eth0") comes with link-local addresses only.
            if not is_public(ip_address(str(address[0]).partition("%")[0])):
                raise BadEndpoint("leads to an address of a private network")
    return found


def _looked_up(host: str, port: int, ends: float) -> list[Any]:
    """`getaddrinfo`, which knows no timeout, in a thread that is left behind when time is up."""
    found: list[Any] = []

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(_left(ends))
    return list(found)


@contextmanager
def _closed_at(connection: socket.socket, ends: float) -> Iterator[None]:
    """Cut the connection at `ends`. A socket's own timeout begins again with each byte."""

    def cut() -> None:
        with suppress(OSError):
            # Not SSLSocket's own: that one would take the encryption away under a read.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    connection.settimeout(_left(ends))
    timer = threading.Timer(_left(ends), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _left(ends: float) -> float:
    """Seconds left. Raises NoAnswer if there are none."""
    left = ends - time.monotonic()
    if left <= 0:
        raise NoAnswer("time is up")
    return left


@cache
def _tls() -> ssl.SSLContext:
    """Checks the certificate and the host's name, by the system's list of authorities."""
    return ssl.create_default_context()
