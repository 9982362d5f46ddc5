"""Whether a server could listen on a port now; asked by those whose own start wouldn't tell."""

import socket


def bind(address: str, port: int) -> None:
    """Take the port for a moment. Raises OSError where another server has it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address.strip("[]"), port))
