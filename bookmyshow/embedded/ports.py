"""Chooses free TCP ports on 127.0.0.1, so that several checkouts can run at the same time."""

import random
import socket

from .paths import RUN, EmbeddedError, write_atomically

# Below the range that kernels use for outgoing connections. So while a server restarts, no outgoing
# connection can take its port.
FIRST, LAST = 20_000, 30_000


def is_free(port: int) -> bool:
    """Whether a server can listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True


def choose_port(service: str) -> int:
    """Return the service's last port if it is free, otherwise another free one.

    Raises EmbeddedError if it finds no free port.
    """
    port_file = RUN / f"{service}.port"
    if port_file.exists() and (text := port_file.read_text(encoding="utf-8").strip()).isdigit():
        candidates = [int(text)]
    else:
        candidates = []
    candidates += random.sample(range(FIRST, LAST), 200)
    for port in candidates:
        if is_free(port):
            write_atomically(port_file, f"{port}\n")
            return port
    raise EmbeddedError(f"no free port for {service} between {FIRST} and {LAST} on 127.0.0.1")
