"""Checks that a port is free before a server starts that would not report the error clearly."""

import socket


def bind(address: str, port: int) -> None:
    """Listen on the port for a moment. Raises OSError if another server uses it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address.strip("[]"), port))
