"""Whether a server could listen on a port now; asked by those whose own start wouldn't tell."""

import socket
import time

# A server that is about to end has so long to let go of its port, as in gunicorn itself.
TRIES, PAUSE_SECONDS = 5, 1.0


def bind(address: str, port: int) -> None:
    """Take the port for a moment. Raises OSError where another server has it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address.strip("[]"), port))


def comes_free(address: str, port: int) -> bool:
    """Whether the port is free within a few seconds."""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        try:
            bind(address, port)
        except OSError:
            continue
        return True
    return False
