"""TCP ports of 127.0.0.1 for the servers, so that checkouts run beside each other."""

import random
import socket

from .paths import RUN, EmbeddedError, write_atomically

# Below the range that kernels hand out for outgoing connections: one of those can't take the port
# of a server that is being restarted.
FIRST, LAST = 20_000, 30_000


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True


def choose_port(service: str) -> int:
    """Return the port the service had last time if it is free, or else another free one.

    Raises EmbeddedError when none is free.
    """
    note = RUN / f"{service}.port"
    if note.exists() and (text := note.read_text(encoding="utf-8").strip()).isdigit():
        candidates = [int(text)]
    else:
        candidates = []
    candidates += random.sample(range(FIRST, LAST), 200)
    for port in candidates:
        if is_free(port):
            write_atomically(note, f"{port}\n")
            return port
    raise EmbeddedError(f"no free port for {service} between {FIRST} and {LAST} on 127.0.0.1")
