"""The list of hosts in an address: db1:5432,db2:5432,[::1]:5432."""

import re

HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>\d{1,5}))?")


class BadAddress(ValueError):
    """An address that can't be used. The message says what to do; it has no password."""


def read_hosts(text: str, *, port: int) -> list[tuple[str, int]]:
    """Name and port of each host; `port` is for those without one. Raises BadAddress."""
    return [_read_host(number, host, port) for number, host in enumerate(text.split(","), 1)]


def _read_host(number: int, text: str, port: int) -> tuple[str, int]:
    # Errors name the place of the host. The text may be a part of a password whose characters were
    # not escaped.
    found = HOST.fullmatch(text)
    if found is None:
        raise BadAddress(f"host {number} can't be read; use name:port, with a comma between hosts")
    port = int(found["port"] or port)
    if not 1 <= port <= 65535:
        raise BadAddress(f"host {number} needs a port from 1 to 65535")
    return found["name"].strip("[]"), port
