"""Reads redis+sentinel://user:password@host1:26379,host2:26379/name/0 from settings.

Sentinels are asked which of several Redis or Valkey servers is the primary now. `name` is what they
call this group of servers. User and password are those of the servers.
"""

from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from .addresses import BadAddress, read_hosts

SENTINEL = "redis+sentinel"
ONE_SERVER = ("redis", "rediss", "unix")
SENTINEL_PORT = 26379
EXAMPLE = "redis+sentinel://:password@host1:26379,host2:26379,host3:26379/name/0"


class SentinelAddress(NamedTuple):
    """The parts of a redis+sentinel:// address."""

    hosts: list[tuple[str, int]]
    #: The name of the servers' group.
    name: str
    database: int
    username: str | None
    password: str | None
    #: The sentinels' own password (`?sentinel_password=…`).
    sentinel_password: str | None


def read_sentinels(address: str) -> SentinelAddress | None:
    """The parts of the address; None if it is the address of one server. Raises BadAddress."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise BadAddress(f"can't be read; use {EXAMPLE}") from None
    if parts.scheme in ONE_SERVER:
        if "," in parts.netloc.rpartition("@")[2]:
            raise BadAddress(f"has several hosts; use one, or sentinels: {EXAMPLE}")
        return None
    if parts.scheme != SENTINEL:
        raise BadAddress(
            f"use redis://host:6379/0 (Redis or Valkey), {EXAMPLE},"
            " or put `python -m bookmyshow.embedded` before the command"
        )
    who, _, hosts = parts.netloc.rpartition("@")
    username, _, password = who.partition(":")
    name, _, database = parts.path.strip("/").partition("/")
    if not name or not (database or "0").isdecimal():
        raise BadAddress(f"needs the name that the sentinels know, and a number: {EXAMPLE}")
    options = parse_qs(parts.query)
    if unknown := options.keys() - {"sentinel_password"}:
        raise BadAddress(f"does not know {', '.join(sorted(unknown))}; only sentinel_password")
    return SentinelAddress(
        hosts=read_hosts(hosts, port=SENTINEL_PORT),
        name=name,
        database=int(database or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_password=options.get("sentinel_password", [None])[-1],
    )
