"""Checks that a port is free before gunicorn starts, which would fail only after seconds."""

import socket


def bind(address: str, port: int) -> None:
    """Bind the port and close it again. Raises OSError if another server uses it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address.strip("[]"), port))
